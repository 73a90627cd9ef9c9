#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With --log json each line of the daemons' logs is an object, with what an event is about; what a
# name has in it changes nothing.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
coordinator_options=(--log json)
node_options=(--log json)
cluster_up 2
job_start 1 -i 1
await_checkpoint
node_kill node2
wait_until "$step" node_is node2 lost
for log in crcoordinator crnode.node1; do
	jq -es 'length > 0 and all(.[]; (.time | test("^[0-9-]+T[0-9:.]+Z$")) and
		(.level | test("^(info|warning|error)$")) and (.component | test("^cr[a-z]+$")) and
		(.text | type == "string"))' "log/$log" >/dev/null 2>msg
	is 0 $? "the log of $log is JSON: $(head -n 1 "log/$log") $(<msg)"
	is "$(wc -l <"log/$log")" "$(jq -s length "log/$log")" 'an object a line'
done
jq -es 'any(.[]; .kind == "checkpoint" and .job == "job" and .id == 1 and .level == "info" and
	(.text | test("committed")) and .event > 0 and has("node") == false)' \
	log/crcoordinator >/dev/null
is 0 $? 'a checkpoint, with its job'
jq -es 'any(.[]; .kind == "node-lost" and .node == "node2" and .level == "warning")' \
	log/crcoordinator >/dev/null
is 0 $? 'a lost node, as a warning'
"$CR_BIN/crcoordinator" --listen 127.0.0.1:0 --state $'a"\nb\001' --key none --log json \
	>msg 2>&1 </dev/null
is error "$(jq -r .level msg)" "an error is an object, too: $(<msg)"
"$CR_BIN/crcoordinator" --listen 127.0.0.1:0 --state s --key key --log xml >msg 2>&1 </dev/null
is 100 $? "another form: $(<msg)"
node_start node2
job_end
loopback_down
finish
