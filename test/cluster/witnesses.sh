#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The coordinator hangs, so that its host neither answers nor refuses: nodes keep each other alive,
# but only while enough of them do.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 3
job_start 1 -i 1
await_checkpoint
has_witnesses() { [ "$(ctl nodes --json | grep -o '"witness":true' | wc -l)" = 2 ]; }
wait_until "$step" has_witnesses
is 0 $? 'two nodes are witnesses'
sleep 1
coordinator_kill STOP
sleep 6
moves_on 'while the coordinator hangs'
coordinator_kill CONT
wait_until "$step" all_up
is 0 $? 'all nodes are there again'
await_checkpoint
is 0 "$(job restarts)" 'the job was not restarted'

coordinator_kill STOP
for i in 2 3; do
	daemon_kill crnode.node$i node$i STOP
done
fenced() { grep -q 'the lease is over' log/crnode.node1; }
wait_until "$step" fenced
is 0 $? 'without witnesses the lease runs out'
for i in 2 3; do
	daemon_kill crnode.node$i node$i CONT
done
coordinator_kill CONT
wait_until "$step" all_up
is 0 $? 'all nodes are there again'
moves_on 'from its checkpoint'
job_end
finish
