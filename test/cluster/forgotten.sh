#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl forget in a cluster: a job that is over goes with its images on all nodes, those that are
# away included; one that runs is refused.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 2 -i 3600
await_image() {
	[ -n "$(find "$1"/store -name manifest 2>/dev/null)" ]
}
no_image() {
	! await_image "$1"
}
ctl checkpoint job >/dev/null 2>>err
is 0 $? 'a checkpoint'
ctl forget job 2>msg
is 108 $? 'a job that runs'
says msg 'job is running' 'its message says why'
moves_on 'after that'
for n in node1 node2; do
	wait_until "$step" await_image $n
	is 0 $? "$n has images"
done
ctl kill job 2>>err
is 0 $? 'it is ended'
node_kill node2
node_is node2 lost || wait_until "$step" node_is node2 lost
ctl forget job 2>msg
is 0 $? "it is forgotten: $(cat msg)"
is 0 "$(ctl list --all --json 2>>err | reads length)" 'nobody is shown it'
ctl status job 2>msg
is 101 $? 'it cannot be asked for'
ctl restart job 2>msg
is 101 $? 'nor restarted'
wait_until "$step" no_image node1
is 0 $? 'its images have gone'
await_image node2
is 0 $? 'but on the node that is away'
coordinator_kill
coordinator_start
node_start node2
wait_until "$step" node_is node2 up
wait_until "$step" no_image node2
is 0 $? 'they go when it is back, by another coordinator'
is 0 "$(ctl list --all --json 2>>err | reads length)" 'which does not show it either'
job_start 1 -i 3600
is 0 $? 'the name is free'
job_end
finish
