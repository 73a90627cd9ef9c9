#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A shepherd that gets no more memory: its checkpoint fails and says why, the job goes on and the
# checkpoint before stays; with memory again there is the next.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v prlimit >/dev/null || skip 'no prlimit'
launch_prog mem-pattern -d ckpt --keep 20 || finish
first=$(crctl checkpoint job | tail -n 1)
is 0 $? 'first checkpoint'
sum=$(cd "$first" && find . -type f -exec sha256sum {} + | sort | sha256sum)
inner=$(below "$shepherd" crlaunch | tail -n 1)
inner=${inner:-$shepherd}
# From what it has now on, a little more each time: it fails and says why, or it is whole.
size=$(sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$inner/status")
failed=0
for more in 0 0 4 8 16 32 64 128 256 512; do
	prlimit --pid "$inner" --as=$(((size + more) * 1024)):unlimited
	if crctl checkpoint job >msg.out 2>msg; then
		crimage verify "$(tail -n 1 msg.out)" >/dev/null 2>>err
		is 0 $? "made with $more KiB more, it is whole"
		continue
	fi
	failed=$((failed + 1))
	says msg 'memory' "none with $more KiB more: the message says why"
	is '' "$(cat msg.out)" 'no directory is printed'
done
is yes "$([ $failed -gt 0 ] && echo yes)" 'there was a checkpoint that failed'
gone "$shepherd"
is 1 $? 'the job goes on'
is "$sum" "$(cd "$first" && find . -type f -exec sha256sum {} + | sort | sha256sum)" \
	'the checkpoint before is untouched'
prlimit --pid "$inner" --as=unlimited
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'with memory again, a checkpoint'
finish
