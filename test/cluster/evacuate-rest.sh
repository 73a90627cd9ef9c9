#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two nodes at their limit, with two jobs each: none goes back and forth (--evacuate). First both
# are above it all the time, and nobody moves; then now the one, now the other, and a job that has
# been moved stays. Each part takes half a minute, with CR_LONG=1 ten.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
. "$top/test/cluster/hosts.bash"

long=30 cooldown=15
[ -z "${CR_LONG:-}" ] || long=600 cooldown=60
coordinator_options=(--evacuate mem=0.9/2s --evacuate-cooldown $cooldown)
memory node1 60
memory node2 60
cluster_up 2
rss() {
	ctl status "$1" --json 2>>err | jq '.placement[0].rss_bytes'
}
saved() {
	[ "$(ctl status "$1" --json 2>>err | jq .number)" -gt 1 ] 2>/dev/null
}
members_of() {
	field "$1" members
}
for i in 1 2 3 4; do
	ctl run -n "rest$i" -i 2 --node node$((i % 2 + 1)) -- sleep 100000 >>out 2>>err ||
		bad "rest$i does not start: $(tail -n 1 err)"
done
for i in 1 2 3 4; do
	wait_until "$step" saved "rest$i" || bad "rest$i does not run: $(tail -n 2 err)"
done
is '2 2' "$(members_of node1) $(members_of node2)" 'two jobs on each node'
# As large that one job has a fifth of it.
total=$(($(rss rest1) * 5 / 1024))

# both SECONDS BASE1 BASE2 PERIOD: percent that is no job's, exchanged each period.
both() {
	local i n1 n2 a=$2 b=$3
	for ((i = 0; i < $1; i++)); do
		[ $((i / $4 % 2)) = 0 ] && a=$2 b=$3 || a=$3 b=$2
		n1=$(members_of node1) n2=$(members_of node2)
		memory node1 $((100 - a - 20 * n1 - i % 3))
		memory node2 $((100 - b - 20 * n2 - i % 2))
		sleep 1
	done
}
both $long 53 52 1000000
is 0 "$(count evacuate)" "in $long s with both above the limit nobody is moved"
[ "$(count evacuate-stuck)" -gt 0 ]
is 0 $? "and it is told why: $(text_of evacuate-stuck)"

both $long 53 15 10
events | jq -s --argjson least $((cooldown * 1000)) '[.[] | select(.kind == "evacuate")]
	| group_by(.job) | map([.[].at_ms] | sort | [range(1; length) as $i
	| .[$i] - .[$i - 1] | select(. < $least)] | length) | add // 0' >early
is 0 "$(<early)" 'no job is moved twice within the cooldown'
moves=$(count evacuate)
[ "$moves" -ge 1 ] && [ "$moves" -le $((4 * (long / cooldown + 1))) ]
is 0 $? "$moves moves in $long s in which nodes are above the limit in turns"
for i in 1 2 3 4; do
	is running "$(ctl status "rest$i" --json 2>>err | jq -r .state |
		sed 's/checkpointing\|recovering/running/')" "rest$i is well"
	ctl kill "rest$i" >>out 2>>err
done
nobody_left() {
	[ "$(members_of node1) $(members_of node2)" = '0 0' ]
}
wait_until "$step" nobody_left
finish
