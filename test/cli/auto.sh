#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --backend auto: CRIU for programs that have no place for the agent, with a line that says so;
# where none can be used they run all the same, and their checkpoints are refused with the reason.
set -u
. "$(dirname "$0")/../soak/common.sh"

echo '#include <unistd.h>
int main(void) { for (;;) if (!access("end", F_OK)) return 7; else usleep(10000); }' >prog.c
${CC:-cc} -o dynamic prog.c || skip 'no compiler'
${CC:-cc} -static -o static prog.c 2>/dev/null || skip 'no static program can be made here'

# none COMMAND WORDS: it runs without a backend.
none()
{
	rm -f end
	crlaunch -n job -d ckpt -- "$1" 2>msg </dev/null &
	shepherd=$!
	await_up || return
	says msg "job runs, but cannot be checkpointed: .*$2" 'it says why none can be made'
	is 1 "$(wc -l <msg)" 'lines that it says'
	crctl checkpoint job >/dev/null 2>msg
	is 102 $? 'its checkpoint'
	says msg "cannot be checkpointed: .*$2" 'is refused with the reason'
	is '' "$(ls ckpt/job 2>/dev/null)" 'nothing is left of it'
	: >end
	wait "$shepherd"
	is 7 $? 'its status'
	shepherd=
}

export CR_CRIU=/nonexistent/criu
none ./static 'static is a static program, .*get-criu'
printf '#!%s/static\n' "$PWD" >script
chmod +x script
none ./script 'static is a static program'
crlaunch --backend agent -n job -- ./static 2>msg </dev/null
is 102 $? 'a static program with --backend agent'
says msg 'static' 'and why'
crlaunch --backend criu -n job -- ./static 2>msg </dev/null
is 117 $? 'a static program with --backend criu, without CRIU'

# The agent needs no CRIU, and says so only if it is asked.
crlaunch -n job -d ckpt -- ./dynamic 2>msg </dev/null
is 7 $? 'a dynamic program'
is '' "$(cat msg)" 'what is said of it'
crlaunch --backend auto -n job -d ckpt -- ./dynamic 2>msg </dev/null
says msg 'backend agent: the agent can be loaded into .*/dynamic' 'with --backend auto'

unset CR_CRIU
rm -f end
crlaunch -n job -d ckpt -- ./static 2>msg </dev/null &
shepherd=$!
await_up || finish
if grep -q 'cannot be checkpointed' msg; then
	echo "skip: $(cat msg)"
else
	says msg 'backend criu: .*static is a static program' 'with CRIU, by itself'
	crctl checkpoint job >/dev/null 2>>msg
	is 0 $? 'its checkpoint'
	says <(crimage show ckpt/job) criu 'its backend'
fi
: >end
wait "$shepherd"
is 7 $? 'its status'
finish
