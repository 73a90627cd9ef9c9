#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A process that dies by a signal between its stop and the commit: the checkpoint fails, and the one
# before stays.
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

writers() {
	pgrep -P "$shepherd" -x cairn-writer
}

# One that stands still keeps the checkpoint from its commit.
catch() {
	local w
	for w in $(writers); do
		kill -STOP "$w" 2>/dev/null
		grep -qs '^State:.T' "/proc/$w/status" && return
	done
	return 1
}

# die_during WHOM: kills it while the checkpoint of a running job is being written.
die_during() {
	crctl checkpoint job >msg 2>&1 &
	asked=$!
	wait_until "$step" catch
	is 0 $? 'a writer is caught'
	kill -SEGV "$1"
	wait_until "$step" dead "$1"
	# shellcheck disable=SC2046
	kill -CONT $(writers)
	wait "$asked"
	is 112 $? "a checkpoint during which process $1 died"
	says msg 'has died.*signal 11' 'says so'
	is 000001 "$(newest)" 'the one before stays'
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
die_during "$(cat ready)"
crctl checkpoint job >msg 2>&1
is 0 $? 'one with the zombie is made again, as it was dead before'
slay
crrestart ckpt/job/000001 >>out 2>>err </dev/null &
shepherd=$!
await_up
is 0 $? 'and that before can be restarted'
slay
finish
