#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One of two nodes is emptied, with members of a job on both: nobody is left to take copies, and it
# works all the same. The last node of all cannot be emptied, which is told at once.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 2 -i 1000
ask=node2
ctl drain node1 >msg 2>&1
is 0 $? "crctl drain: $(tail -n 1 msg)"
node_is node1 drained
is 0 $? 'node1 is drained'
moves_on 'elsewhere'
is 'node2 node2' "$(where 0) $(where 1)" 'all are on node2'
ctl checkpoint job >msg 2>&1
is 0 $? "checkpoints go on: $(tail -n 1 msg)"
began=$SECONDS
ctl drain node2 >msg 2>&1
is 116 $? 'nobody is left'
says msg 'job.*drain' "and that is told: $(tail -n 1 msg)"
[ $((SECONDS - began)) -lt 30 ]
is 0 $? "at once: $((SECONDS - began)) s"
moves_on 'where it was'
ctl undrain node1 >msg 2>&1
is 0 $? "crctl undrain: $(tail -n 1 msg)"
wait_until "$step" node_is node2 drained
is 0 $? 'and it goes when it can'
moves_on 'back again'
job_end
finish
