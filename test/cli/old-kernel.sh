#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What older kernels lack, played by a filter over the restarts: the programs see no difference.
set -u
. "$(dirname "$0")/../soak/common.sh"

deny=$CR_BIN/test/cli/deny
built "$deny"
"$deny" 1 999 true || skip 'no seccomp filters here'

# life COMMAND…: the job runs, is checkpointed and stops.
life() {
	n=$((n + 1))
	"$@" </dev/null >>out 2>err.$n &
	shepherd=$!
	wait_until "$step" up || bad "$prog did not come up: $(tail -n 1 err.$n)"
	wait_until "$step" ready
	crctl checkpoint --stop job >/dev/null 2>>err
	is 0 $? "$prog: checkpoint in life $n"
	wait "$shepherd"
	is 85 $? "$prog: it stops"
}

# lacking ERROR CALL PROGRAM…
lacking() {
	local error=$1 call=$2 prog n=0
	shift 2
	for prog in "$@"; do
		rm -rf work ckpt
		mkdir work
		n=0
		life crlaunch -n job -d ckpt -- "$CR_PROGS/$prog" work
		life "$deny" "$error" "$call" crrestart ckpt/job
		echo 0 >work/verify
		"$deny" "$error" "$call" crrestart ckpt/job </dev/null >>out 2>>err
		is 0 $? "$prog: its last life"
		says work/result PASS "$prog: it has seen nothing of it"
	done
}

# PR_TIMER_CREATE_RESTORE_IDS, before 6.16.
lacking 22 157:0=77 timer-posix timer-waiting timer-thread-id timer-ids
finish
