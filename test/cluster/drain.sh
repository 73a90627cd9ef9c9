#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node is emptied: its members move by a checkpoint, and nothing is lost; also by SIGTERM.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
witness_start
job_start 1 -i 1000
ask=node2
ctl drain node1 >msg 2>&1
is 0 $? "crctl drain: $(tail -n 1 msg)"
wait_until "$step" node_is node1 drained
is 0 $? 'node1 is drained'
moves_on 'elsewhere'
is node2 "$(where 0)" 'on node2'
ctl undrain node1 >msg 2>&1
is 0 $? "crctl undrain: $(tail -n 1 msg)"
wait_until "$step" node_is node1 up
is 0 $? 'node1 is up'
ask=node1
daemon_kill crnode.node2 node2 TERM
wait_until "$step" gone "$(<pid/crnode.node2)"
is 0 $? 'crnode ends on SIGTERM'
moves_on 'elsewhere'
is node1 "$(where 0)" 'on node1'
ctl drain node1 >msg 2>&1
is 116 $? "the last node: $(tail -n 1 msg)"
says msg 'job job cannot leave it' 'it is said at once that nobody can take its job'
ctl undrain node1 >msg 2>&1
moves_on 'where it is'
job_end
finish
