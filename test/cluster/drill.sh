#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Drills: each fault is there, is told with its numbers, and is undone by itself, also when crnode
# or the coordinator ends; refused by name where they are not allowed.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
# A host of which 400 MiB are free: what is taken is not this one's.
mkdir -p host/proc
printf '%s: %s kB\n' MemTotal 1024000 MemFree 409600 MemAvailable 409600 >host/proc/meminfo
node_options=(--allow-drills --host-root "$tmp/host")
coordinator_options=(--http "127.0.0.1:$((port + 50))")
cluster_up 2
node_options=()
nodes=3
mkdir -p node3 && mkdir -m 700 node3/run
node_start node3
wait_until "$step" all_up
is 0 $? 'node3 is up'
witness_start
job_start 1 -i 1
await_checkpoint

# refused STATUS PATTERN ARGUMENT…
refused() {
	local status=$1 pattern=$2
	shift 2
	ctl drill "$@" >msg 2>&1
	is "$status" $? "drill $*: $(tail -n 1 msg)"
	says msg "$pattern" 'by name'
}
refused 107 'node3 does not allow drills.*--allow-drills' node3 cpu
refused 101 'no node node9' node9 cpu
refused 100 'no drill' node1 flood
refused 100 'at most 10m' node1 cpu --for 1h
refused 100 'at most 10m' node1 cpu --for 11m
refused 100 'at most 10m' node1 cpu --for -1s

# begins FAULT TIME: and nothing else at once.
begins() {
	ctl drill node1 "$1" --for "$2" >msg 2>&1
	is 0 $? "$1: $(tail -n 1 msg)"
	happened drill ".node == \"node1\" and (.text | startswith(\"$1 for\"))"
	is 0 $? "$1: an event says $(events | jq -r 'select(.kind == "drill") | .text' | tail -n 1)"
}

ends() {
	wait_until "$step" happened drill-end ".node == \"node1\" and (.text | startswith(\"$1\"))"
	is 0 $? "$1: it is undone"
}

# The processes of a drill: crnode's own of one name with it.
burdens() {
	pgrep -P "$(<pid/crnode.node1)" -x crnode | wc -l
}
no_burden() { [ "$(burdens)" = 0 ]; }

free_space() { df --output=avail -B1 "$(store_of node1)" | tail -n 1; }

begins cpu 3s
is 1 "$(burdens)" 'a process does it'
refused 107 'another drill is on' node1 cpu
ends cpu
is 0 "$(burdens)" 'nothing is left'
# The same over HTTP.
post() {
	curl -s -m 20 -o msg -w '%{http_code}' -X POST -d "$2" -H 'Content-Type: application/json' \
		-H "Authorization: Bearer $(<"$tmp/state/http.token")" \
		"http://127.0.0.1:$((port + 50))/v1/nodes/$1/drill"
}
is 200 "$(post node1 '{"kind": "cpu", "seconds": 1.5}')" "over HTTP: $(<msg)"
wait_until "$step" happened drill '.text | startswith("cpu for 1.5 s")'
is 0 $? 'it has begun'
wait_until "$step" no_burden
is 0 $? 'and has ended'
is 400 "$(post node1 '{"kind": "flood", "seconds": 1}')" 'no drill'
is 400 "$(post node1 '{"kind": "cpu", "seconds": 601}')" 'too long'
is 403 "$(post node3 '{"kind": "cpu", "seconds": 1}')" "where it is not allowed: $(<msg)"
begins mem 2s
events | jq -r 'select(.kind == "drill") | .text' | tail -n 1 >msg
says msg 'mem for 2.0 s: [0-9]+ MiB of memory are taken, [0-9]+ MiB stay free' 'with its numbers'
ends mem
epoch=$(job epoch)
begins kill 1s
restarted() { [ "$(job epoch)" -gt "$epoch" ] && job_is running; }
wait_until "$step" restarted
is 0 $? "the job was killed, and is back: $(job last_error)"
moves_on 'after kill'

# Where the job is: it goes elsewhere, and the node comes back.
away() { [ "$(where 0)" != node1 ]; }
to_node1() {
	[ "$(where 0)" = node1 ] || ctl migrate job node1 >msg 2>&1
	is node1 "$(where 0)" "the job is on node1: $(tail -n 1 msg)"
}
to_node1
ask=node2
begins net 6s
wait_until "$step" node_is node1 lost
is 0 $? 'net: the node is lost'
wait_until "$step" away
is 0 $? 'its job goes elsewhere'
moves_on 'elsewhere'
wait_until "$step" node_is node1 up
is 0 $? 'and the node comes back'
ends net
to_node1
begins hang 6s
wait_until "$step" away
is 0 $? 'hang: its job goes elsewhere'
moves_on 'elsewhere'
wait_until "$step" node_is node1 up
is 0 $? 'and the node comes back'
ends hang
to_node1
ctl drill node1 migrate >msg 2>&1
is 0 $? "migrate: $(tail -n 1 msg)"
wait_until "$step" away
is 0 $? 'its job is moved'
moves_on 'moved'
ask=node1

# Undone if those end who have begun it.
begins cpu 5m
coordinator_kill
sleep 1
is 1 "$(burdens)" 'without the coordinator it goes on'
coordinator_start
wait_until "$step" all_up
is 0 $? 'the coordinator is there again'
pids=$(pgrep -P "$(<pid/crnode.node1)" -x crnode)
node_kill node1
wait_until "$step" gone "$pids"
is 0 $? 'and ends with its crnode'
node_start node1 --allow-drills
wait_until "$step" all_up
is 0 $? 'the node is there again'
begins cpu 2s
ends cpu
job_end
finish
