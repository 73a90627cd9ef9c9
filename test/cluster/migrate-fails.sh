#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A migration whose target dies at any instant, is full, or lacks the program, and one whose
# coordinator dies: the job stays or comes back, nothing is lost, and there are never two of it. And
# a drill that fills a node's disk: checkpoints fail meanwhile, and are made again afterwards.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
node_options=(--allow-drills)
cluster_up 3
witness_start
# Nothing is dropped: that would make room where there shall be none.
job_start 1 -i 1000 --on-failure stop --keep 1000
await_checkpoint

# runs_on WHAT: it runs somewhere, and is no longer being moved.
settled() { job_is running && [ "$(where 0)" != null ]; }
runs_on() {
	wait_until "$step" settled
	is 0 $? "$1: the job runs on $(where 0) ($(job state) $(job why))"
	moves_on "$1"
}

# It dies so many tenths of a second after the order.
home=$(where 0)
for at in 0 1 2 3 5 8; do
	target=node3
	[ "$(where 0)" != node3 ] || target=node2
	ask=node1
	[ "$target" != node1 ] || ask=node2
	ctl migrate job $target >msg 2>&1 &
	order=$!
	sleep 0.$at
	lab kill $target
	wait $order
	rc=$?
	good "$target dies after 0.$at s: $rc $(tail -n 1 msg)"
	if [ $rc = 0 ]; then
		# It had gone there, and died with it, by which its policy is to end.
		wait_until "$step" job_is failed
		is 0 $? 'it was there: the fault is the node'"'"'s, after the move'
		ctl restart job >msg 2>&1 || bad "restart: $(tail -n 1 msg)"
	else
		says msg 'not moved|not connected|broke' 'and that is told'
	fi
	runs_on "after $target's death"
	lab boot $target >/dev/null 2>&1
	node_start $target --allow-drills
	wait_until "$step" all_up || bad 'the node does not come back'
done

other=node3
[ "$(where 0)" != node3 ] || other=node2
home=$(where 0)
lab fill $other
ctl migrate job $other >msg 2>&1
[ $? != 0 ]
is 0 $? "$other is full: $(tail -n 1 msg)"
says msg "$other.*(room|space)|room|space" 'by name'
runs_on "$other is full"
is "$home" "$(where 0)" 'where it was'
lab unfill $other

on $other mount --bind /dev/null "$CR_CLUSTER_PROGS/msgs"
ctl migrate job $other >msg 2>&1
[ $? != 0 ]
is 0 $? "$other lacks the program: $(tail -n 1 msg)"
says msg 'msgs.*goes on on' 'by name'
runs_on "$other lacks the program"
is "$home" "$(where 0)" 'where it was'
on $other umount "$CR_CLUSTER_PROGS/msgs"

# The coordinator dies: what was begun is ended by the next, one way or the other.
for at in 0 1 2 4; do
	other=node3
	[ "$(where 0)" != node3 ] || other=node2
	ctl migrate job $other >msg 2>&1 &
	order=$!
	sleep 0.$at
	coordinator_kill
	wait $order
	coordinator_start
	wait_until "$step" all_up || bad 'no coordinator'
	runs_on "the coordinator died after 0.$at s"
done

ctl drill "$(where 0)" disk --for 8s >msg 2>&1
is 0 $? "drill: $(tail -n 1 msg)"
events | jq -r 'select(.kind == "drill") | .text' | tail -n 1 >msg
says msg 'disk for 8.0 s: [0-9]+ MiB .* taken, [0-9]+ MiB are left' "with its numbers: $(<msg)"
has_ended_drill() { happened drill-end '.text | startswith("disk")'; }
wait_until "$step" has_ended_drill
is 0 $? 'it is undone'
ctl checkpoint job >msg 2>&1
is 0 $? "checkpoints are made: $(tail -n 1 msg)"
job_end
finish
