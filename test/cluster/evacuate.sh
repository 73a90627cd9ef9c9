#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Jobs leave nodes before these fail (--evacuate): a leak that would fill memory in two minutes is
# acted on before; so is a node that is above its limit; with --evacuate-dry-run it is only told.
# The test plays the nodes' hosts (--host-root): their memory is what it says.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback

. "$top/test/cluster/hosts.bash"
# The memory of node1, a bit more than half full, falls by 1/120 of it a second until somebody has
# left it.
leak() {
	local begin=${EPOCHREALTIME/./} gone
	while [ ! -e leak.end ]; do
		gone=$(((${EPOCHREALTIME/./} - begin) * 100 / 120000000))
		[ $gone -le 45 ] || { : >leak.full && break; }
		memory node1 $((45 - gone))
		sleep 0.3
	done
}
memory node1 45
memory node2 60
memory node3 60
policy=(--evacuate 'mem=0.9/3s,full=35s' --evacuate-window 12 --evacuate-cooldown 25)
coordinator_options=("${policy[@]}")
ask=node3
cluster_up 3
job_start 1 -i 1
await_checkpoint
is node1 "$(where 0)" 'the job is on node1'

leak &
leaker=$!
wait_until "$step" seen node1 full
ctl nodes >nodes
says nodes '^node1 .* memory [0-9]+[sm]-[0-9]+[sm] ' 'the trend is seen'
wait_until $((step * 2)) more_than evacuate 0
is 0 $? 'it is acted on'
: >leak.end
wait $leaker
[ ! -e leak.full ]
is 0 $? 'before the memory is full'
memory node1 70
text_of evacuate >text
says text '^memory full in [0-9]+ s .[0-9]+ to [0-9]+, r2 [01][.0-9]*., within 35 s:' 'why'
says text ': job goes to node[23] ' "and who goes where: $(<text)"
leaves node1
moves_on 'after it has left the leak'
now=$(where 0)
ctl status job >status
says status '^stays +for [0-9]+ s' 'it stays for a time'
ctl nodes >nodes
says nodes 'a job left [0-9]+ s ago, takes none for [0-9]+ s' 'and its old node takes none'
[ "$(field node1 evacuation)" != null ]
is 0 $? "what the limits are: $(field node1 evacuation)"

# Above the limit, but in its cooldown, that a new coordinator keeps to; then it goes.
coordinator_kill TERM
sleep 0.5
coordinator_start
wait_until "$step" all_up
memory "$now" 5
wait_until "$step" more_than evacuate-stuck 0
is 0 $? "it cannot go yet: $(text_of evacuate-stuck)"
[[ $(text_of evacuate-stuck) == mem\ 0.95\ above\ 0.9\ for*job\ was\ moved*ago\ and\ stays* ]]
is 0 $? 'as it was moved a moment ago'
is 1 "$(count evacuate)" 'and does not'
wait_until $((step * 2)) more_than evacuate 1
is 0 $? "when that is over it goes: $(text_of evacuate)"
[[ $(text_of evacuate) == mem\ 0.95\ above\ 0.9\ for*mem\ there\ 0.[34]*at\ most\ 0.81* ]]
is 0 $? 'for the limit, with the numbers of where it goes'
leaves "$now"
moves_on 'after it has left the overload'

# Told, not done.
coordinator_kill TERM
sleep 0.5
coordinator_options=("${policy[@]}" --evacuate-dry-run)
coordinator_start
wait_until "$step" all_up
for n in node1 node2 node3; do memory $n 60; done
now=$(where 0)
memory "$now" 5
wait_until $((step * 2)) more_than evacuate-dry-run 0
is 0 $? "a dry run: $(text_of evacuate-dry-run)"
sleep 5
is "$now 2" "$(where 0) $(count evacuate)" 'the job stays'
says log/crcoordinator 'dry run: it is only told' 'the log says so'
"$CR_BIN/crcoordinator" --listen :1 --state x --key key --evacuate 'heat=1/3s' 2>msg
is 100 $? 'what cannot be watched is refused'
says msg "'heat' cannot be watched: cpu, mem," 'with what can'
job_end
finish
