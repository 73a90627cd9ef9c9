#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two jobs of one user at a time: the checkpoints of the one change nothing for the other, whose
# SysV segments nobody has attached and whose maker has ended.
set -u
. "$(dirname "$0")/../soak/common.sh"

attach=$CR_BIN/test/cli/attach
built "$attach"

drop() {
	local id
	while read -r _ id; do ipcrm -m "$id"; done 2>/dev/null <work/ipc
}
trap drop EXIT
mkdir other
crlaunch -n other -d ckpt -- "$CR_PROGS/counter" other </dev/null >>out 2>>err &
other=$!
wait_until "$step" test -e other/ready || bad 'the other job is not ready'
launch_prog ipc-shm-detached -d ckpt
crctl checkpoint other >/dev/null 2>>err
is 0 $? 'the other job is saved'
# Somebody who saves them has them attached at any moment: known by the program's name.
cp "$attach" crlaunch-attach
# shellcheck disable=SC2046
./crlaunch-attach $(awk '{ print $2 }' work/ipc) >attached &
attaching=$!
wait_until "$step" test -s attached
for n in $(seq 10); do
	image=$(crctl checkpoint job 2>>err | tail -n 1)
	is 3 "$(crimage show "$image" 2>>err | grep -c 'SysV segment')" "segments in image $n"
done
kill $attaching
wait $attaching 2>/dev/null
crctl checkpoint --stop job >/dev/null 2>>err
is 0 $? 'the job is saved'
wait "$shepherd"
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
shepherd=$other slay other
verdict 'after a restart'
finish
