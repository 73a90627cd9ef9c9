#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The backend criu: a static program from its launch, a python one attached while it runs, twice
# through kill and restart; --stop, retention, and what is refused.
set -u
. "$(dirname "$0")/../soak/common.sh"
src=$top/test/cli

CR_CRIU=/nonexistent crlaunch --backend criu -- true 2>msg </dev/null
is 117 $? 'no CRIU: status'
says msg 'CRIU' 'no CRIU: message'
crlaunch --backend burn -- true 2>msg </dev/null
is 100 $? 'unknown backend'
if ! crlaunch -d ckpt -n probe --backend criu -- true 2>msg </dev/null; then
	[ "$(id -u)" = 0 ] || says msg 'cap_checkpoint_restore|get-criu' 'what lacks is named'
	[ $failures = 0 ] && skip "$(cat msg)"
	finish
fi
gcc -static -O1 -o static "$src/criu-static.c" -pthread 2>msg || skip 'no static libc'

# The number behind the last committed checkpoint.
newest() { crctl checkpoint "$@" job 2>>err | tail -n 1; }

again() {
	slay
	crrestart ckpt/job </dev/null >>stdout 2>>err &
	shepherd=$!
	await_up
}

begin() {
	rm -rf work ckpt
	mkdir work
	launch -n job -d ckpt --backend criu "$@" -- ./static work
	wait_until "$step" ready && await_up
}

crctl check ./static >msg
is 0 $? 'check of a static program'
says msg 'backend criu' 'what saves it'
begin --keep 2 || finish
is ckpt/job/000001 "$(newest | grep -o 'ckpt.*')" 'a checkpoint of a static program'
says <(crimage show ckpt/job) 'criu' 'its backend is told'
crctl check job >msg 2>&1
is 0 $? 'crctl check'
more() { [ "$(wc -l <work/lines)" -gt $((lines + 5)) ]; }
for i in 1 2; do
	lines=$(wc -l <work/lines)
	wait_until "$step" more
	again || finish
	is "ckpt/job/00000$((i + 1))" "$(newest | grep -o 'ckpt.*')" "a checkpoint after restart $i"
done
# The older ones go in the background.
kept() { [ "$(ls -d ckpt/job/0* | wc -l)" = 2 ]; }
wait_until "$step" kept
is 0 $? 'two are kept'
is '' "$(ls -A ckpt/job | grep -v -e '^0' -e '^.owner$')" 'nothing else is left'
again || finish
verdict 'static program, after three restarts'

begin || finish
crctl checkpoint --stop job >>out 2>>err
wait "$shepherd"
is 85 $? 'stopped: status'
crrestart ckpt/job </dev/null >>stdout 2>>err &
shepherd=$!
await_up
kill -TERM "$shepherd"
wait "$shepherd"
is 143 $? 'a signal goes to the job, and its end comes back'

# Traced by somebody else: CRIU cannot; the job goes on, and so does the older checkpoint.
if begin; then
	newest >/dev/null
	pid=$(crctl status --json job | host_pids | head -n 1)
	python3 - "$pid" <<-'END' &
		import ctypes, sys, time
		libc = ctypes.CDLL(None)
		libc.ptrace(0x4206, int(sys.argv[1]), 0, 0)
		open('traced', 'w')
		time.sleep(3600)
	END
	tracer=$!
	wait_until "$step" test -e traced
	crctl checkpoint job >>out 2>msg
	is 102 $? 'a traced process: status'
	is 1 "$(wc -l <msg)" 'a traced process: one line'
	says msg 'traced by process .*python' 'a traced process: the cause'
	kill "$tracer"
	wait "$tracer" 2>/dev/null
	is '000001' "$(ls ckpt/job | grep '^0')" 'the older checkpoint is there'
	lines=$(wc -l <work/lines)
	wait_until "$step" more
	again || finish
	verdict 'after a failed checkpoint'
fi

rm -rf ckpt
# In a container whose runtime is outside, nobody here has a session that CRIU could bring back.
unshare --pid --fork --mount-proc sh -c 'sleep 1000 & crctl attach $! -d ckpt' 2>msg
is 102 $? 'attach: a session from outside: status'
says msg 'setsid' 'attach: a session from outside: what to do'
own=''
[ "$(awk '{ print $6 }' /proc/$$/stat)" != 0 ] || own=setsid
$own python3 -c '
import time
n = 0
while True:
    print(n, flush=True)
    n += 1
    time.sleep(.02)' >py.out 2>>err </dev/null &
pid=$!
attached=$pid
wait_until "$step" test -s py.out
crctl attach 999999999 2>msg
is 101 $? 'attach: nobody there'
crctl attach 2 2>msg
is 1 "$(($? == 102 || $? == 101 || $? == 107))" 'attach: a thread of the kernel'
crctl attach $$ 2>msg
is 102 $? 'attach: a process above'
crctl check "$pid" >msg
is 0 $? 'check of a process that attach takes'
says msg "crctl attach $pid" 'it says how'
crctl check $$ >msg
is 102 $? 'check of one that attach refuses'
says msg 'above this crctl' 'in the same words'
crctl attach "$pid" -n job -d ckpt >>out 2>>err
is 0 $? 'attach'
crctl check "$pid" >msg
is 0 $? 'check of one that is a job'
says msg 'already' 'it says so'
crctl attach "$pid" -n other -d ckpt 2>msg
is 108 $? 'attach: already a job'
for i in 1 2; do
	is "ckpt/job/00000$i" "$(newest | grep -o 'ckpt.*')" "attached: checkpoint $i"
	lines=$(wc -l <py.out)
	grew() { [ "$(wc -l <py.out)" -gt $((lines + 5)) ]; }
	wait_until "$step" grew
	if [ $i = 1 ]; then
		kill -9 "$attached"
		wait "$attached" 2>/dev/null
		away() { ! crctl status job >/dev/null 2>&1; }
		wait_until "$step" away
		is 0 $? 'attached: its end is seen'
	else
		slay
	fi
	crrestart ckpt/job </dev/null >>stdout 2>>err &
	shepherd=$!
	await_up || finish
done
crctl checkpoint --stop job >>out 2>>err
wait "$shepherd"
is 85 $? 'attached: stopped'
is '' "$(awk '$1 != NR - 1' py.out | head -n 1)" 'attached: not a line lost or twice'
finish
