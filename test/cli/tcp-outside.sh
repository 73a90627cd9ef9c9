#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TCP clients outside of the job: no checkpoint disturbs them, a restart resets their connection,
# or takes it up where it was (--tcp=repair, as root).
set -u
. "$(dirname "$0")/../soak/common.sh"
prog=$CR_PROGS/tcp-outside

client() {
	rm -rf client
	mkdir client
	"$prog" client client "$(cat work/port)" >client.out 2>&1 &
	client=$!
	wait_until "$step" test -e client/talking
	is 0 $? "$1"
}

end_client() {
	: >client/stop
	wait_until "$step" gone "$client"
	wait "$client"
	is 0 $? "$1"
}

launch_prog tcp-outside -d ckpt || finish
client 'a client is served'
for i in 1 2 3 4 5 6 7 8; do
	crctl checkpoint job >/dev/null 2>>err || bad "checkpoint $i: $(tail -n 1 err)"
done
end_client 'it has seen nothing of eight checkpoints'
crctl check job >check 2>&1
client 'another client is served'
crctl check job >check 2>&1
says check 'outside|leads out' 'crctl check names its connection'
crctl checkpoint job >/dev/null 2>>err || bad "checkpoint: $(tail -n 1 err)"
rm -f work/lost
slay
wait_until "$step" gone "$client"
wait "$client"
is 4 $? 'it is told of the end of the job'
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
wait_until "$step" test -e work/lost
is ECONNRESET "$(cat work/lost)" 'the job finds the connection reset'
client 'the listener is there for the next client'
end_client 'which is served'
verdict 'after a reset'

if [ "$(id -u)" = 0 ]; then
	rm -rf ckpt work
	launch_prog tcp-outside -d ckpt --tcp repair || finish
	client 'a client of a job with --tcp=repair'
	crctl checkpoint job >/dev/null 2>>err || bad "checkpoint: $(tail -n 1 err)"
	: >client/pause
	wait_until "$step" test -e client/paused
	crctl checkpoint --stop job >/dev/null 2>>err || bad "checkpoint: $(tail -n 1 err)"
	wait_until "$step" gone "$shepherd"
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	rm client/pause
	sleep 0.5
	end_client 'it goes on with the restarted job'
	is '' "$(cat work/lost 2>/dev/null | grep -v EOF)" 'and the job with it'
	verdict 'after a repair'
fi
finish
