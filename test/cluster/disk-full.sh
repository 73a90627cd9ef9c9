#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A full store: the checkpoint fails with a clear line, the job goes on, the last good one stays;
# with room again checkpoints are made as before.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 2
job_start 1 -i 1
await_checkpoint
for node in node1 node2; do
	lab fill $node
	was=$(job number)
	ctl checkpoint job >msg 2>&1
	[ $? != 0 ]
	is 0 $? "$node is full: the checkpoint fails: $(tail -n 1 msg)"
	moves_on "though $node is full"
	lab unfill $node
	await_checkpoint
	good "checkpoints again, behind $was"
done
lab fill node1
lab fill node2
sleep 3
on node1 kill -9 "$(on node1 pgrep -f '^[^ ]*/msgs 0')"
moves_on 'from the last good one'
lab unfill node1
lab unfill node2
job_end
finish
