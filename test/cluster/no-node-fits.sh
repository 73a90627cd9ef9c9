#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No node has the labels that a job wants: it waits, visibly, and starts when one has.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
node_options=(--label disk=ssd)
cluster_up 1
node_options=()
nodes=2
mkdir -p node2 && mkdir -m 700 node2/run
node_start node2
wait_until "$step" all_up
is 0 $? 'node2 is up'
job_start 1 -i 1 --label disk=ssd
await_checkpoint
loopback_end node1
ask=node2
wait_until "$step" job_is waiting
is 0 $? 'the job waits'
[ "$(job why)" != null ] && [ "$(job why)" ]
is 0 $? "and tells why: $(job why)"
node_start node1 --label disk=ssd
moves_on 'when the node is back'
is node1 "$(where 0)" 'there'
job_end
finish
