#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Options of the launch hold after a restart, and those of a restart after the next.
set -u
. "$(dirname "$0")/../soak/common.sh"

images() {
	ls ckpt/job 2>/dev/null | grep '^[0-9]*$'
}

newest() {
	local last
	last=$(images | tail -n 1)
	echo $((10#${last:-0}))
}

launch_prog counter -d ckpt -i 0.3 --keep 3 --signal 44 || finish
more() { [ "$(newest)" -gt "$1" ]; }
wait_until "$step" more 3
is 0 $? 'checkpoints by interval'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
wait_until "$step" more $(($(newest) + 4))
is 0 $? 'by interval after the restart too'
slay
is 3 "$(images | wc -l)" 'as many are kept'

# What is given now counts, now and later.
CR_INTERVAL=1000 crrestart --keep 1 ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
before=$(newest)
sleep 1.5
is "$before" "$(newest)" 'another interval by the environment'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
one() { [ "$(images | wc -l)" = 1 ]; }
wait_until "$step" one
is 0 $? 'another number to keep'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
crctl checkpoint job >/dev/null 2>>err
wait_until "$step" one
is 0 $? 'which the image has'
verdict 'after three restarts'

# A slot is not the job's: it ends with the run that it was given to.
rm -rf ckpt
launch_prog counter -d ckpt --stop-after 0.5 || finish
wait_until "$step" gone "$shepherd"
wait "$shepherd"
is 85 $? 'stopped after its time'
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
sleep 1.5
gone "$shepherd"
is 1 $? 'a restart without --stop-after goes on'
verdict 'the job goes on to its end'
finish
