#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What older kernels lack, played by a filter over the restarts: the programs see no difference.
set -u
. "$(dirname "$0")/../soak/common.sh"

deny=$CR_BIN/test/cli/deny
older=$CR_BIN/test/cli/older.so
built "$deny" "$older"
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

over() {
	ready || gone "$shepherd"
}

# cycle PROGRAM COMMAND…: two restarts, by the command.
cycle() {
	local prog=$1 n=0
	shift
	rm -rf work ckpt
	mkdir work
	life crlaunch -n job -d ckpt -- "$CR_PROGS/$prog" work
	life "$@" crrestart ckpt/job
	echo 0 >work/verify
	"$@" crrestart ckpt/job </dev/null >>out 2>err.3
	is 0 $? "$prog: its last life"
	says work/result PASS "$prog: it has seen nothing of it"
}

# lacking ERROR CALL PROGRAM…: restarts find that the call fails.
lacking() {
	local error=$1 call=$2 prog
	shift 2
	for prog in "$@"; do
		cycle "$prog" "$deny" "$error" "$call"
	done
}

# without PATH PROGRAM…: restarts find that files of the path cannot be opened.
without() {
	local path=$1 prog
	shift
	for prog in "$@"; do
		cycle "$prog" env LD_PRELOAD="$older" OLDER_WITHOUT="$path"
	done
}

# PR_TIMER_CREATE_RESTORE_IDS, before 6.16.
lacking 22 157:0=77 timer-posix timer-waiting timer-thread-id timer-ids

# /proc/sys/kernel/shm_next_id and its like cannot be written in a user's namespace, before 5.19.
without _next_id ipc-shm ipc-shm-removed ipc-sem ipc-sem-undo ipc-msg ipc-ids ipc-many

# SO_PEEK_OFF for TCP, before 6.9: nobody sees what is behind an urgent byte.
for prog in tcp-urgent-last tcp-orphan; do
	n=0
	rm -rf work ckpt
	mkdir work
	life env LD_PRELOAD="$older" OLDER_OPTION=42 crlaunch -n job -d ckpt -- \
		"$CR_PROGS/$prog" work
	echo 0 >work/verify
	crrestart ckpt/job </dev/null >>out 2>err.4
	is 0 $? "$prog: its last life"
	says work/result PASS "$prog: it has seen nothing of it"
done
rm -rf work ckpt
mkdir work
env LD_PRELOAD="$older" OLDER_OPTION=42 crlaunch -n job -d ckpt -- \
	"$CR_PROGS/tcp-urgent" work </dev/null >>out 2>>err &
shepherd=$!
wait_until "$step" over
if [ -e work/ready ]; then
	crctl checkpoint job >/dev/null 2>msg
	is 102 $? 'tcp-urgent: what would be lost is refused'
	says msg 'urgent byte.*older than 6.9' 'tcp-urgent: by name'
	echo 0 >work/verify
	wait "$shepherd"
	says work/result PASS 'tcp-urgent: it goes on'
else
	wait "$shepherd"
	is 77 $? 'tcp-urgent: on a kernel that is older itself, it skips'
fi

# /proc shows the same of every stopped process, before 5.17: their parents know.
for prog in stop-unseen tty-groups stop-sigstop; do
	n=0
	rm -rf work ckpt
	mkdir work
	life env LD_PRELOAD="$older" OLDER_STOPS=1 crlaunch -n job -d ckpt -- \
		"$CR_PROGS/$prog" work
	echo 0 >work/verify
	timeout "$step" crrestart ckpt/job </dev/null >>out 2>err.5
	is 0 $? "$prog: its last life"
	says work/result PASS "$prog: it has seen nothing of it"
done

# Where net.core.rmem_max is low, as in most kernels, a receive buffer grows in another way. A send
# that goes on after each checkpoint must not find more room each time than it had.
rm -rf work ckpt
mkdir work
env LD_PRELOAD="$older" OLDER_OPTION=8,33 crlaunch -n job -d ckpt -- "$CR_PROGS/tcp-blocked" work \
	</dev/null >>out 2>>err &
shepherd=$!
wait_until "$step" ready
for n in 1 2 3 4; do
	crctl checkpoint job >/dev/null 2>msg
	is 0 $? "tcp-blocked: checkpoint $n $(cat msg)"
	sleep 0.5
done
echo 0 >work/verify
wait "$shepherd"
says work/result PASS 'tcp-blocked: it goes on'
finish
