#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main scene: a node fails, and the job runs on a healthy one from its last checkpoint.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 3
witness_start

job_start "${1:-1}" -i 1
await_checkpoint
was=$(where 0)
lab kill "$was"
[ "$was" != node1 ] || ask=node2
leaves "$was"
moves_on "after the death of $was"
lab boot "$was"
node_start "$was"
wait_until "$step" node_is "$was" up
is 0 $? "$was is back"
await_checkpoint
job_end
finish
