#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The coordinator ends at any instant: jobs do not notice, and it finds its cluster as it was. So
# when its node fails: the nodes keep each other alive.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 3
witness_start
job_start 1 -i 1
await_checkpoint
# Chosen when the coordinator knows that everybody has come who will: 1.25 leases after its start.
has_witnesses() { [ "$(ctl nodes --json | grep -o '"witness":true' | wc -l)" = 2 ]; }
wait_until "$step" has_witnesses
is 0 $? 'two nodes are witnesses'
sleep 1
for i in 1 2 3; do
	coordinator_kill
	sleep "$((i - 1)).3"
	moves_on "without a coordinator ($i)"
	coordinator_start
	wait_until "$step" all_up
	is 0 $? 'all nodes are there again'
	await_checkpoint
done
is 0 "$(job restarts)" 'the job was not restarted'
lab kill "$head"
sleep 8
moves_on "without the coordinator's node"
lab boot "$head"
coordinator_start
wait_until "$step" all_up
is 0 $? 'all nodes are there again'
await_checkpoint
is 0 "$(job restarts)" 'the job was not restarted'
job_end
finish
