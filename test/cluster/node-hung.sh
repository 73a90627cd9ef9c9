#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node that hangs and comes back to find its members elsewhere.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 3
witness_start 300
job_start 1 -i 1
await_checkpoint
lab pause node1
ask=node2
leaves node1
moves_on 'after node1 hangs'
lab resume node1
wait_until "$step" node_is node1 up
is 0 $? 'node1 is back'
moves_on 'with node1'
job_end
finish
