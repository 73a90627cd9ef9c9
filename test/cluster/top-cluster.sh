#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl top in a cluster: its nodes and jobs, with where they are and whether they are protected.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 2 -i 1
await_checkpoint
once() {
	ctl top --once --coordinator "$CR_COORDINATOR" >once 2>msg && grep -qE -- "$1" once
}
bar='\[[# ]{10}\] +[0-9]+% +'
wait_until "$step" once "^node1 +up .* $bar$bar$bar"
is 0 $? "a node with its bars: $(grep ^node1 once)"
wait_until "$step" once '^job +[a-z]+ +2 +[0-9.]+[KMG] +[0-9]+s +[0-9.]+ ms +yes +node1,node2$'
is 0 $? "the job: $(grep ^job once)"
node_kill node2
wait_until "$step" once '^node2 +lost '
is 0 $? "a lost node: $(grep ^node2 once)"
coordinator_kill
wait_until "$step" test ! -e "/proc/$(<pid/crcoordinator)/fd/0"
ctl top --once --coordinator "$CR_COORDINATOR" >once 2>msg
is 113 $? "without the coordinator: $(<msg)"
coordinator_start
node_start node2
wait_until "$step" all_up
wait_until "$step" once '^job .* yes '
is 0 $? "and with it again: $(grep ^job once)"
job_end
loopback_down
finish
