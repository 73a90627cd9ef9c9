#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cairn.h in a job of two members: whoever asks has all of them checkpointed, and is told when that
# is committed; restarted twice; asked while the node's daemon is away.
set -u
. "$(dirname "$0")/lib.sh"
built "$CR_BIN/test/cli/api"
on_loopback
cluster_up 2

# told MEMBER TIMES PATTERN: a line of its log (so often).
told() {
	[ -e "m$1/log" ] && [ "$(grep -cE -e "$3" "m$1/log")" -ge "$2" ]
}

hears() {
	wait_until "$step" told "$@"
	is 0 $? "member $1 is told '$3': $(tail -qn 1 "m$1/log")"
}

either_is_restarted() {
	told 0 1 '^story 1 1 $' || told 1 1 '^story 1 1 $'
}

# Kills every shepherd of this test, and what is below it.
crash() {
	local f pid
	for f in /proc/[0-9]*/environ; do
		pid=${f#/proc/} pid=${pid%/environ}
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = crrestart ] || continue
		grep -qszF "CR_NODE_SOCKET=$tmp/" "$f" || continue
		# shellcheck disable=SC2046
		kill -9 $(below "$pid" '') "$pid" 2>/dev/null
	done
}

for i in 0 1; do
	mkdir "m$i"
	join=()
	[ $i = 0 ] || join=(--join job)
	daemon "job.$i" "node$((i + 1))" env -C "m$i" "$CR_BIN/crlaunch" -n job -i 3600 \
		"${join[@]}" -- "$CR_BIN/test/cli/api" story
	wait_until "$step" job_has $((i + 1)) || bad "member $i: $(tail -n 1 "log/job.$i")"
done
wait_until "$step" job_is running || bad "$(job state)"

# Of each member, as crctl status has it: at least 100 KiB.
sized() {
	[ "$(status | reads '[.. | objects | select(has("member") and has("processes"))
		| select(.rss_bytes > 100000)] | length')" = 2 ]
}
wait_until "$step" sized
is 0 $? 'crctl status tells how much memory they have'

: >m0/go.1
hears 0 1 '^story 0 0 $'
[ "$(job number)" -ge 1 ]
is 0 $? 'it is committed then'
number=$(job number)
is '' "$(cat m1/log 2>/dev/null)" 'the other member has not asked'
: >m1/go.1
: >m0/go.2
hears 0 2 '^story 0 0 $'
hears 1 1 '^story 0 0 $'
# A job may have one of its own when it begins.
[ "$(job number)" -le $((number + 3)) ]
is 0 $? "both together have made no more than two: $number, $(job number)"
number=$(job number)

# Both are restarted, the second member where the first is.
loopback_end node2
wait_until "$step" either_is_restarted
is 0 $? "who asked last is told: $(tail -qn 1 m?/log)"
wait_until "$step" job_is running || bad "$(job state)"
: >m0/go.3
hears 0 1 '^story 0 1 $'
[ "$(job number)" -gt "$number" ]
is 0 $? 'one more is committed'

node_kill node1
: >m0/go.4
hears 0 1 '^story -113 1 '
node_start node1
wait_until "$step" node_is node1 up
is 0 $? 'node1 is back'
: >m0/go.5
hears 0 2 '^story 0 1 $'

crash
hears 0 1 '^story 1 2 $'
: >m0/end >m1/end
: >m0/go.6
: >m1/go.2
finish
