#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two jobs of one user at a time: the checkpoints of the one change nothing for the other, whose
# SysV segments nobody has attached and whose maker has ended.
set -u
. "$(dirname "$0")/../soak/common.sh"

drop() {
	local id
	while read -r _ id; do ipcrm -m "$id"; done <work/ipc 2>/dev/null
}
trap drop EXIT
mkdir other
crlaunch -n other -d ckpt -- "$CR_PROGS/counter" other </dev/null >>out 2>>err &
other=$!
wait_until "$step" test -e other/ready || bad 'the other job is not ready'
launch_prog ipc-shm-detached -d ckpt
crctl checkpoint other >/dev/null 2>>err
is 0 $? 'the other job is saved'
crctl checkpoint --stop job >/dev/null 2>>err
is 0 $? 'the job is saved'
wait "$shepherd"
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
shepherd=$other slay other
verdict 'after a restart'
finish
