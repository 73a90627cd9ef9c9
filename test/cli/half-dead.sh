#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job one of whose processes died by a signal goes on, but what was saved before stays: new
# checkpoints, which lack it, do not push it out, and the user is told. --on-failure stop ends it.
set -u
. "$(dirname "$0")/../soak/common.sh"

# A child by whose end its parent does not go on; a grandchild that nobody waits for at once.
cat >family.sh <<'END'
(
	bash -c 'echo $$ >grandchild; while :; do sleep 0.1; done' &
	echo $BASHPID >child
	while :; do sleep 0.1; wait -n 2>/dev/null; done
) &
echo $BASHPID >root
: >up
while :; do sleep 0.1; done
END

start() {
	rm -f up root child grandchild
	crlaunch -n job -d ckpt --keep 2 "$@" -- bash family.sh </dev/null >>out 2>err &
	shepherd=$!
	is_up() { [ -s root ] && [ -s child ] && [ -s grandchild ] || gone "$shepherd"; }
	wait_until "$step" is_up
	crctl checkpoint job >/dev/null
	crctl checkpoint job >/dev/null
	crctl checkpoint job >/dev/null
}

images() {
	ls ckpt/job | tr '\n' ' '
}

told() { crctl status job | grep -q '^failure'; }

for whom in child grandchild; do
	rm -rf ckpt
	start
	told
	is 1 $? "$whom: nothing is told before"
	kill -SEGV "$(cat $whom)"
	wait_until "$step" told
	is 0 $? "$whom: its death is told by crctl status"
	crctl status job >status
	says status "^failure .*process $(cat $whom) \(bash\).*SIGSEGV.*up to 000003" 'in full'
	crctl list >list
	says list "job .*running.*\(process $(cat $whom) .*SIGSEGV\)" 'by crctl list'
	is "$(sed -n 's/^failure *//p' status)" \
		"$(crctl status --json job | json_value failure)" 'as JSON'
	said() { grep -q "process $(cat $whom) .*SIGSEGV" err; }
	wait_until "$step" said
	is 0 $? 'and on standard error'
	for i in 1 2 3 4; do
		crctl checkpoint job >/dev/null || bad "checkpoint $i afterwards"
	done
	kept() { [ "$(images)" = '000002 000003 000006 000007 ' ]; }
	wait_until 5 kept
	is '000002 000003 000006 000007 ' "$(images)" 'those from before stay, and the newest'
	slay
	crrestart ckpt/job/000003 </dev/null >>out 2>>err &
	shepherd=$!
	await_up
	told
	is 1 $? 'one from before has no such failure'
	crctl kill job
	wait "$shepherd" 2>/dev/null
done

rm -rf ckpt
start --on-failure stop
kill -KILL "$(cat child)"
wait_until "$step" gone "$shepherd"
is 0 $? 'with --on-failure stop the job ends'
wait "$shepherd"
is 137 $? 'with the signal'
says err 'on-failure stop' 'and says so'
gone "$(cat grandchild)" && gone "$(cat root)"
is 0 $? 'all of it'

# Whoever ends its own, as a pipeline does, harms nobody; nor does the end of all.
rm -rf ckpt
crlaunch -n job -d ckpt -- bash -c 'yes | head -n 1; while :; do sleep 0.1; done' \
	</dev/null >>out 2>err &
shepherd=$!
await_up
crctl checkpoint job >/dev/null
told
is 1 $? 'SIGPIPE is no failure'
crctl kill job
wait "$shepherd"
is '' "$(grep died err)" 'nor is crctl kill'
finish
