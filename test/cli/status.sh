#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Exit statuses, signals and standard streams pass through; usage and start errors.
set -u
. "$(dirname "$0")/../soak/common.sh"

crlaunch -- sh -c 'exit 7' </dev/null
is 7 $? 'exit status 7'
crlaunch -- sh -c 'kill -TERM $$' </dev/null
is 143 $? 'killed by SIGTERM'
crlaunch -- sh -c 'kill -KILL $$' </dev/null
is 137 $? 'killed by SIGKILL'
crlaunch -- true
is 0 $? 'true'
crlaunch -- ./no-such-program 2>msg
is 127 $? 'missing command'
: >not-executable
crlaunch -- ./not-executable 2>msg
is 126 $? 'command that cannot be executed'
crlaunch 2>msg
is 100 $? 'no command'
crlaunch --no-such-option -- true 2>msg
is 100 $? 'unknown option'
crctl 2>msg
is 100 $? 'crctl without a verb'
crctl frobnicate job 2>msg
is 100 $? 'crctl with an unknown verb'
crctl status no-such-job 2>msg
is 101 $? 'status of no job'
says msg no-such-job 'its message names the job'
crctl checkpoint no-such-job >msg.out 2>msg
is 101 $? 'checkpoint of no job'
is '' "$(cat msg.out)" 'nothing on standard output'
crrestart ./no-such-dir 2>msg
is 101 $? 'restart of no checkpoint'
says msg no-such-dir 'its message names the directory'

# Input, output and error as pipes and as files.
got=$(seq 1000 | crlaunch -- sh -c 'cat; echo oops >&2' 2>msg | sha256sum)
is "$(seq 1000 | sha256sum)" "$got" 'output through a pipe'
is oops "$(cat msg)" 'error output'
seq 500 >in
crlaunch -- tac <in >to
is "$(tac in | sha256sum)" "$(sha256sum <to)" 'from file to file'
crlaunch -- sh -c 'echo "$1" "$#"' x 'two words' '*' </dev/null >to
is 'two words 2' "$(cat to)" 'arguments'
FOO=bar crlaunch -- sh -c 'echo $FOO; umask; pwd' </dev/null >to
is "$(echo bar; umask; pwd)" "$(cat to)" 'environment, umask and directory'

# Signals sent to crlaunch reach the job.
launch -n job -- sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done'
await_up && sleep 0.5
kill -USR1 "$shepherd"
wait "$shepherd"
is 9 $? 'SIGUSR1 is handed on'
launch -n job -- sleep 1000
await_up
kill -TERM "$shepherd"
wait "$shepherd"
is 143 $? 'SIGTERM ends the job'

crlaunch -n job -d ckpt --stop-after 1 -- sleep 1000 </dev/null 2>msg
is 85 $? '--stop-after'
is 1 "$(ls ckpt/job | grep -c '^[0-9]*$')" 'one checkpoint of it'
finish
