#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A daemon whose loop is busy for three leases: heartbeats go on, no member is ended, no node is
# declared dead, and when the loop is back everything goes on. Both at once, too.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
cluster_up 2
job_start 2 -i 1
await_checkpoint
# Beats have a link of their own by now.
sleep 1

# hold SECONDS DAEMON…: those in the files of pids.
hold() {
	local seconds=$1 pids=() d
	shift
	for d in "$@"; do
		python3 "$top/test/cluster/hold-thread.py" "$(<"pid/$d")" "$seconds" \
			>"held.$d" 2>&1 &
		pids+=($!)
	done
	for d in "$@"; do
		wait_until 10 grep -q . "held.$d"
		! grep -q '^skip' "held.$d" || skip "$(tail -n 1 "held.$d")"
	done
	wait "${pids[@]}"
	for d in "$@"; do
		says "held.$d" '^held' "$d is held for $seconds s"
	done
}

quiet() {
	sleep 1
	moves_on "$1"
	! happened node-lost && ! happened member-failed
	is 0 $? "$1: no lease was lost: $(tail -qn 2 log/job.*)"
	is 0 "$(job restarts)" "$1: no restart"
	await_checkpoint
}

cd "$tmp" || exit 2
hold 6 crnode.node1
quiet 'a node that is busy'
hold 6 crcoordinator
quiet 'a coordinator that is busy'
hold 6 crcoordinator crnode.node1 crnode.node2
quiet 'all of them busy'
daemon_kill crnode.node1 node1 STOP
sleep 4
daemon_kill crnode.node1 node1 CONT
wait_until "$step" happened node-lost
is 0 $? 'one that stands still altogether is lost'
job_end
finish
