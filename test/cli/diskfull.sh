#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A checkpoint that finds the disk full fails; the job and the checkpoint before stay.
# options: root
set -u
. "$(dirname "$0")/../soak/common.sh"

# In mount and user namespaces of its own this script sees a tiny file system.
if [ "${CR_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || skip 'only for root'
	unshare -m true 2>/dev/null || skip 'no mount namespace'
	rm -rf "$tmp"
	CR_INSIDE=1 exec unshare -m "$script"
fi
mkdir small
mount -t tmpfs -o size=24m,mode=755 none small || skip 'no tmpfs'
launch_prog mem-pattern -d small/ckpt || finish
first=$(crctl checkpoint job | tail -n 1)
is 0 $? 'first checkpoint'
dd if=/dev/zero of=small/ballast bs=64k status=none 2>/dev/null
sum=$(cd "$first" && find . -type f -exec sha256sum {} + | sort | sha256sum)
for i in 1 2 3; do
	crctl checkpoint job >msg.out 2>msg
	is 111 $? "checkpoint $i on the full disk"
	says msg 'space|full' 'its message says why'
done
is '' "$(cat msg.out)" 'no directory is printed'
gone "$shepherd"
is 1 $? 'the job goes on'
is "$sum" "$(cd "$first" && find . -type f -exec sha256sum {} + | sort | sha256sum)" \
	'the checkpoint before is untouched'
slay
rm -f small/ballast
crrestart small/ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'with room again, a checkpoint'
verdict 'restart from the checkpoint before'
cd "$tmp" && umount small
finish
