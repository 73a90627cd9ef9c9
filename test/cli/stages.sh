#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The stages of a checkpoint and of a restart: each once, in their order, in the trace as in crctl
# status; and while one lasts, it is the one that is shown.
set -u
. "$(dirname "$0")/../soak/common.sh"

export CR_TRACE=stages

# stages FILE: the names in a trace, in one line.
stages() {
	sed -n 's/.*: stage job: \([a-z]*\) .*/\1/p' "$1" | tr '\n' ' '
}

shown() {
	crctl status job --json | grep -o '"stage":"[a-z]*"' | cut -d'"' -f4 | tr '\n' ' '
}

state_is() {
	crctl status job --json 2>/dev/null | grep -q "\"state\":\"$1\""
}

writer() {
	local pid
	for pid in $(pgrep -x cairn-writer); do
		grep -qs "$CR_RUNTIME_DIR" "/proc/$pid/environ" && echo "$pid"
	done
}

saved='preparing suspending scanning stopping saving confirming'
# The job has no descriptor of err, which is cut off again and again here.
launch -n job -d ckpt -- sh -c 'exec 2>/dev/null
	x=$(head -c 30000000 /dev/urandom | base64); : >ready; sleep 1000 & wait'
await_up
wait_until "$step" test -e ready
: >err
crctl checkpoint job >>out 2>>msg
is 0 $? 'a checkpoint'
want="$saved resuming writing verifying storing committing "
is "$want" "$(stages err)" 'its stages in the trace'
is "$want" "$(shown)" 'and in crctl status'

: >err
crctl check job >>out 2>>msg
is 0 $? 'a check'
is "$saved " "$(stages err)" 'it has those that keep nothing'
is "$want" "$(shown)" 'and says nothing of the last checkpoint'

# What fails is the last.
: >err
chmod a-w ckpt/job
mv ckpt/job away
: >ckpt/job
crctl checkpoint job >>out 2>msg
is 111 $? "a folder that is none: $(tail -n 1 msg)"
is 'preparing ' "$(stages err)" 'the stage that failed is the last'
says err 'preparing [0-9.]+ ms, failed' 'and said so'
rm ckpt/job
mv away ckpt/job
chmod u+w ckpt/job

# caught: the copy that writes a checkpoint is stopped by hand at it, as $pid; $asked waits for it.
caught() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		: >err
		crctl checkpoint job >>out 2>>msg &
		asked=$!
		until gone $asked; do
			for pid in $(writer); do
				kill -STOP "$pid" 2>/dev/null && state_is writing && return 0
				kill -CONT "$pid" 2>/dev/null
			done
		done
		wait $asked
	done
	return 1
}
if caught; then
	good 'while a copy writes, the state is writing'
	is "$saved resuming writing " "$(shown)" 'and so is the last stage'
	kill -CONT "$pid"
	wait $asked
	is 0 $? 'and the checkpoint is made'
else
	bad 'no writer was caught in the state writing'
fi

: >err
crctl checkpoint --stop job >>out 2>>msg
is 0 $? 'one that stops the job'
wait_until "$step" gone "$shepherd"
is "$saved writing verifying storing committing ending " "$(stages err)" \
	'it resumes nothing, and ends the job'

: >err
crrestart ckpt/job >>out 2>trace </dev/null &
shepherd=$!
await_up
want='announcing planning loading preparing forking opening restoring settling informing '
is "${want}applying closing releasing resuming " "$(stages trace)" 'the stages of a restart'
crctl kill job
finish
