#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl forget: the checkpoints of a job that is over, never of one that runs, and nothing else.
set -u
. "$(dirname "$0")/../soak/common.sh"

launch_prog counter -d ckpt || finish
crctl checkpoint job >/dev/null
is 0 $? 'a checkpoint'
crctl forget job 2>msg
is 108 $? 'a job that runs'
says msg 'job is running' 'its message says why'
crctl forget ckpt/job 2>msg
is 108 $? 'its folder'
CR_RUNTIME_DIR=$tmp crctl forget "$tmp/ckpt/job" 2>msg
is 108 $? 'nor by somebody who does not see the job'
[ -e ckpt/job/000001/manifest ]
is 0 $? 'nothing has gone'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
crctl forget ckpt/job 2>msg
is 108 $? 'one that has been restarted'
slay

mkdir ckpt/job/2024 ckpt/job/000099 ckpt/job/.000100.tmp
: >ckpt/job/notes
crctl forget ckpt/job 2>msg
is 0 $? "a job that is over: $(cat msg)"
is '000099 2024 notes' "$(cd ckpt/job && echo *)" 'what is not of Cairn stays'
[ ! -e ckpt/job/.000100.tmp ]
is 0 $? 'what was never finished goes'
crctl forget ckpt/job 2>msg
is 101 $? 'there is nothing more to forget'
is '000099 2024 notes' "$(cd ckpt/job && echo *)" 'and nothing has gone'

launch_prog counter -d ckpt2 || finish
crctl checkpoint job >/dev/null
crctl forget ckpt2/job/000001 2>msg
is 101 $? 'a single checkpoint'
says msg 'folder' 'its message says what to give'
slay
is '{"directory":"ckpt2/job","state":"forgotten"}' "$(crctl forget --json ckpt2/job)" 'as JSON'
[ ! -e ckpt2/job ]
is 0 $? 'its folder goes as well'
crctl forget no/such 2>msg
is 101 $? 'no such folder'
finish
