#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A user who starts far too much: members with a megabyte of arguments each, more of them than he
# may have, and starts without end. Others' leases hold; what is in the database is there once.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
coordinator_options=(--user-members 60 --user-starts 2 --user-bytes 8000000)
cluster_up 2
job_start 2 -i 1
await_checkpoint
words=()
for ((i = 0; i < 10; i++)); do
	words+=("$(head -c 100000 /dev/zero | tr '\0' x)")
done
ctl run -n big --nodes 40 -- sh -c 'exec sleep 1000' x "${words[@]}" >msg 2>&1
is 0 $? "40 members with a megabyte: $(tail -n 1 msg)"
all_run() {
	[ "$(ctl status big --json 2>/dev/null | reads '[.. | objects | select(.state? == "running"
		and has("member") and has("node"))] | length')" = 40 ]
}
wait_until 120 all_run
is 0 $? 'all of them run'
size=$(cat state/cluster.db state/cluster.db-wal | wc -c)
[ "$size" -lt 6000000 ]
is 0 $? "the command is in the database once: $size bytes"
ctl run -n more --nodes 30 -- sleep 1000 >msg 2>&1
is 113 $? 'more members than one may have'
says msg 'user-members' "are refused: $(tail -n 1 msg)"
for ((i = 0; i < 60; i++)); do
	ctl run -n "s$i" -- true >msg 2>&1 || break
done
says msg 'user-starts' 'starts without end are refused'
sleep 5
for ((i = 0; i < 9; i++)); do
	ctl run -n "b$i" -- true "${words[@]}" >msg 2>&1
	got=$?
	[ $got = 0 ] || break
	sleep .6
done
is 113 "$got" 'more bytes than one may have'
says msg 'user-bytes' "are refused: $(tail -n 1 msg)"
ctl kill big >msg 2>&1
is 0 $? "all are ended: $(tail -n 1 msg)"
ctl forget big >msg 2>&1
is 0 $? 'and forgotten'
sleep 2
ctl run -n after -- true "${words[@]}" >msg 2>&1
is 0 $? "then there is room again: $(tail -n 1 msg)"
moves_on 'after all that'
! happened node-lost && ! happened member-failed
is 0 $? 'no lease was lost'
is 0 "$(job restarts)" 'and the other job was never restarted'
job_end
finish
