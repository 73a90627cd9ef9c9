#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What cannot be checkpointed is refused with its reason, and the job goes on.
set -u
. "$(dirname "$0")/../soak/common.sh"

echo 'int main(void) { for (;;) ; }' >static.c
if ${CC:-cc} -static -o static static.c 2>/dev/null; then
	timeout 20 crlaunch --backend agent -n job -- ./static 2>msg
	is 102 $? 'static program'
	says msg 'static' 'its message says static'
	# Nor by way of a program that is not: the job goes on, its checkpoint is refused.
	launch -n job -d ckpt -- sh -c './static & wait'
	await_up && sleep 0.5
	crctl checkpoint job >msg.out 2>msg
	is 102 $? 'checkpoint with a static child'
	says msg 'static' 'its message says static'
	gone "$shepherd"
	is 1 $? 'the job goes on'
	slay
else
	echo 'skip: no static program can be made here'
fi
launch_prog socket-refused -d ckpt || finish
crctl checkpoint job >msg.out 2>msg
is 102 $? 'checkpoint of a socket'
says msg 'socket' 'its message names the object'
says msg 'socket-refused|[0-9]' 'and the process'
is '' "$(cat msg.out)" 'no directory is printed'
is 0 "$(ls ckpt/job 2>/dev/null | grep -c '^[0-9]*$')" 'nothing is left of it'
verdict 'after the refusal'
finish
