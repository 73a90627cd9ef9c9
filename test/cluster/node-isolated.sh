#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node whose network falls silent: it ends its members itself before they start elsewhere.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 3
witness_start
job_start 1 -i 1
await_checkpoint
lab isolate node1
ask=node2
leaves node1
moves_on 'after the silence of node1'
lab heal node1
wait_until "$step" node_is node1 up
is 0 $? 'node1 is back'
moves_on 'with node1'
job_end
finish
