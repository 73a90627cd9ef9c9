#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A process that crashes between its stop and the commit: the checkpoint fails, and the one before
# stays. One that others end is no reason: it lived when the checkpoint was made.
set -u
. "$(dirname "$0")/../soak/common.sh"

cat >prog.py <<END
import os, resource, time
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
data = os.urandom(192 << 20)
child = os.fork()
if child:
    open("child", "w").write("%d" % child)
    os.rename("child", "ready")
    while True:
        time.sleep(1)
while True:
    time.sleep(1)
END

# Those of the process that makes the checkpoints, the innermost of that name.
writers() {
	local pid
	for pid in $(cat "/proc/$inner/task/"*/children 2>/dev/null); do
		! grep -qsx cairn-writer "/proc/$pid/comm" || echo "$pid"
	done
}

# Begins a checkpoint and has a writer stand still, which keeps it from its commit. One that was
# faster than this script is made once more.
catch() {
	local try w
	inner=$(below "$shepherd" crlaunch | tail -n 1)
	for try in 1 2 3 4 5 6 7 8 9 10; do
		before=$(newest)
		crctl checkpoint job >msg 2>&1 &
		asked=$!
		while kill -0 "$asked" 2>/dev/null; do
			for w in $(writers); do
				kill -STOP "$w" 2>/dev/null
				grep -qs '^State:.T' "/proc/$w/status" && return
			done
		done
		wait "$asked"
	done
	return 1
}

# ended_during WHOM SIGNAL: the same by somebody else.
ended_during() {
	catch
	is 0 $? 'a writer is caught'
	kill "-$2" "$1"
	wait_until "$step" dead "$1"
	# shellcheck disable=SC2046
	kill -CONT $(writers)
	wait "$asked"
	is 0 $? "a checkpoint during which process $1 got $2: $(tail -n 1 msg)"
}

# die_during WHOM: kills it while the checkpoint of a running job is being written.
die_during() {
	catch
	is 0 $? 'a writer is caught'
	kill -SEGV "$1"
	wait_until "$step" dead "$1"
	# shellcheck disable=SC2046
	kill -CONT $(writers)
	wait "$asked"
	is 112 $? "a checkpoint during which process $1 died"
	says msg 'has died.*signal 11' 'says so'
	is "$before" "$(newest)" 'those before stay'
}

dead() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

newest() {
	find ckpt/job -maxdepth 1 -name '0*' -printf '%f ' | sort | sed 's/ $//'
}

launch -n job -d ckpt -- python3 prog.py
wait_until "$step" test -e ready && await_up || finish
crctl checkpoint job >msg 2>&1
is 0 $? 'a checkpoint of the whole job'
slay
for s in KILL TERM; do
	rm -rf ckpt ready
	launch -n job -d ckpt -- python3 prog.py
	wait_until "$step" test -e ready && await_up || finish
	ended_during "$(cat ready)" $s
	slay
done
rm -rf ckpt ready
launch -n job -d ckpt -- python3 prog.py
wait_until "$step" test -e ready && await_up || finish
crctl checkpoint job >msg 2>&1
is 0 $? 'a checkpoint of the whole job again'
die_during "$(cat ready)"
crctl checkpoint job >msg 2>&1
is 0 $? 'one with the zombie is made again, as it was dead before'
slay
crrestart "ckpt/job/${before##* }" >>out 2>>err </dev/null &
shepherd=$!
await_up
is 0 $? 'and that before can be restarted'
slay

# By a limit of its own: told as every other death that nobody has ordered.
crlaunch -n limit -d limit -- bash -c 'ulimit -f 1; while echo 0123456789abcdef; do :; done >much' \
	</dev/null >>out 2>msg
is 153 $? 'a job that writes more than it may'
says msg 'the job limit died by SIGXFSZ' 'says by what it died'
finish
