#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job, and one member of it, goes where it is told to, and nothing is lost; the downtime is told
# in its parts. What cannot be is refused at once, by name.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
node_options=(--label disk=ssd)
cluster_up 3
node_options=()
nodes=4
mkdir -p node4 && mkdir -m 700 node4/run
node_start node4
wait_until "$step" all_up
is 0 $? 'node4 is up'
witness_start
job_start 2 -i 1000 --label disk=ssd

# refused STATUS PATTERN ARGUMENT…
refused() {
	local status=$1 pattern=$2
	shift 2
	ctl migrate "$@" >msg 2>&1
	is "$status" $? "migrate $*: $(tail -n 1 msg)"
	says msg "$pattern" "by name"
}

ctl migrate job.0 node3 >msg 2>&1
is 0 $? "crctl migrate: $(tail -n 1 msg)"
says msg 'job.0: node1 -> node3, stood still for .*stop.*copy.*start' 'with downtime and its parts'
is 'node3 node2' "$(where 0) $(where 1)" 'the member is there, the other where it was'
moves_on 'elsewhere'
ctl migrate job node1 --json >msg 2>&1
is 0 $? "all members: $(tail -n 1 msg)"
is true "$(jq '.stage == "done" and .down_ms == .stop_ms + .copy_ms + .start_ms and
	.bytes > 0' msg)" 'as JSON'
is 'node1 node1' "$(where 0) $(where 1)" 'all are there'
moves_on 'together'
happened moved '.text | test("stood still")'
is 0 $? 'an event says it'
refused 101 'no node node9' job node9
refused 101 'no job other' other node2
refused 101 'no member 5' job.5 node2
refused 108 'node1 already' job node1
refused 116 'node4 lacks the label disk=ssd' job node4
ctl drain node2 >msg 2>&1
refused 116 'node2 is draining' job node2
ctl undrain node2 >msg 2>&1
loopback_end node3
wait_until "$step" node_is node3 lost
refused 116 'node3 is not connected' job node3
moves_on 'where it was'
job_end
ctl kill job >msg 2>&1
refused 101 'does not run' job node2
finish
