#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The plugin gpu, with an imitation of cuda-checkpoint: a job of three processes, two of which use a
# "GPU", through two restarts; locks that fail, programs that fail and hang; no cuda-checkpoint.
set -u
. "$(dirname "$0")/../soak/common.sh"

prog=$CR_BIN/test/plugin/gpu-user
[ -x "$prog" ] || skip "$prog is not built"
export CUDA_FAKE=$tmp/cuda
mkdir cuda
PATH=$top/test/plugin:$PATH
gpu="gpu:devices=$CUDA_FAKE/nvidia"

count() {
	cat cuda/count.0 2>/dev/null || echo 0
}

counts() {
	local before
	before=$(count)
	further() { [ "$(count)" -gt "$before" ]; }
	wait_until "$step" further
	is 0 $? "$1: it counts"
}

actions() {
	sed -n "s/^\([a-z]*\).*/\1/p" cuda/log 2>/dev/null | tr '\n' ' '
}

states() {
	local f
	for f in cuda/*.cuda; do
		f=${f##*/}
		cuda-checkpoint --get-state --pid "${f%.cuda}"
	done | tr '\n' ' '
}

# Of the actions on both: all are locked before any is saved.
saved='lock lock checkpoint checkpoint '
back='restore restore unlock unlock '

launch -n job -d ckpt --plugin "$gpu" -- "$prog"
await_up || finish
both() { [ -e cuda/count.0 ] && [ -e cuda/count.1 ]; }
wait_until "$step" both
counts 'launched'
crctl checkpoint job >/dev/null 2>err.ck
is 0 $? "checkpoint: $(cat err.ck)"
is "$saved$back" "$(actions)" 'what was done'
says cuda/log 'lock [0-9]+ 10000$' 'with a timeout'
counts 'after it'
rm cuda/log
crctl check job >/dev/null 2>&1
is 0 $? 'check'
is '' "$(actions)" 'a check does nothing'
for life in 1 2; do
	slay
	rm -f cuda/nvidia* cuda/log
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	counts "restart $life"
	is "$back" "$(actions)" 'what was done'
	rm cuda/log
	crctl checkpoint job >/dev/null 2>>err
	is 0 $? 'checkpoint'
	is "$saved$back" "$(actions)" 'what was done'
	counts 'after it'
done

# What goes wrong leaves all of them running.
second=$(sed -n 's/^lock \([0-9]*\).*/\1/p' cuda/log | tail -n 1)
echo "$second" >cuda/fail.checkpoint
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'the second cannot be saved'
says msg 'plugin gpu: cuda-checkpoint --action checkpoint --pid [0-9]+ failed with 3: Imitated' \
	'the message has its words'
is 'running running ' "$(states)" 'both run on'
counts 'after a failure'
rm cuda/fail.checkpoint
: >cuda/fail.lock
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'none can be locked'
counts 'after that'
rm cuda/fail.lock
: >cuda/fail.unlock
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'they cannot be unlocked'
rm cuda/fail.unlock
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'so the next one finds them locked'
says msg 'says of it: locked' 'and says so'
counts 'but puts it right'
crctl checkpoint --stop job >/dev/null 2>>err
is 0 $? 'checkpoint --stop'
wait "$shepherd"
is 85 $? 'the job is stopped'
rm -f cuda/log cuda/nvidia*

# It hangs, and is lost, while all are locked: a new process of the plugin puts it right.
crrestart --plugin-timeout 2 ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
counts 'after the stop'
: >cuda/hang.checkpoint
crctl checkpoint job >/dev/null 2>msg
is 118 $? 'cuda-checkpoint hangs'
says msg 'plugin gpu did not come back from its hook suspend in 2 s' 'that is said'
running() { [ "$(states)" = 'running running ' ]; }
wait_until "$step" running
is 0 $? 'both run on'
counts 'after that'
none() { [ -z "$(pgrep -f "hang.checkpoint|--action checkpoint --pid $second")" ]; }
wait_until "$step" none
is 0 $? 'nothing of it is left'
rm cuda/hang.checkpoint
: >end
wait "$shepherd"
is 0 $? 'the job has lost nothing'
rm end

rm -f cuda/*.cuda cuda/count.*
# Without cuda-checkpoint: only who uses a GPU needs it.
launch -n other -d ckpt --plugin "gpu:program=no-such-program,devices=$CUDA_FAKE/nvidia" -- "$prog"
await_up other || finish

wait_until "$step" both
crctl checkpoint other >/dev/null 2>msg
is 118 $? 'no cuda-checkpoint'
says msg 'no-such-program is needed in PATH' 'that is said'
slay other
launch -n third -d ckpt --plugin gpu:program=no-such-program -- sleep 1000
await_up third || finish
crctl checkpoint third >/dev/null 2>>err
is 0 $? 'who uses none does not need it'
slay third
for wrong in timeout=x timeout= timeout=0 nonsense program=; do
	crlaunch --plugin "gpu:$wrong" -- true 2>msg
	is 118 $? "gpu:$wrong"
done
finish
