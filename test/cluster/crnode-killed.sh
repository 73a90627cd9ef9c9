#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The node's daemon ends and is started again: its members go on; the next checkpoint is made as
# ever.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
witness_start
job_start 1 -i 1
await_checkpoint
for i in 1 2 3; do
	# At any point of a checkpoint.
	sleep 0.$((RANDOM % 10))
	node_kill node1
	sleep 0.3
	moves_on "without crnode ($i)"
	node_start node1
	wait_until "$step" node_is node1 up
	is 0 $? 'node1 is up'
	await_checkpoint
done
is 0 "$(job restarts)" 'the job was not restarted'
daemon_kill crnode.node1 node1 HUP
await_checkpoint
is 0 "$(job restarts)" 'nor by SIGHUP, an upgrade of crnode'
job_end
finish
