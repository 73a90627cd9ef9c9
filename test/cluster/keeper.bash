# SPDX-License-Identifier: Apache-2.0
# A server that no library can be loaded into, as the job of a test in a lab: launched with CRIU as
# the backend, moved when its node dies and when it is drained, and asked from another node all the
# time (keeper.py). Sourced after lib.sh.
# shellcheck shell=bash

# The newest line of the clients: the least of their counters, and how often they had to connect.
told() {
	tail -n 1 asked 2>/dev/null
}

has_counted() {
	[ "$(told | cut -d' ' -f1)" -ge "$1" ] 2>/dev/null
}

# All three have come again, after N connections.
came_again() {
	[ "$(told | cut -d' ' -f2)" -ge $(($1 + 3)) ] 2>/dev/null
}

# keeper_start COMMAND…: once the cluster is up.
keeper_start() {
	local i to=()
	for ((i = 1; i <= nodes; i++)); do
		to+=("$(address node$i)")
	done
	daemon job node1 "$CR_BIN/crlaunch" -n job --backend criu -i 1 --replicas 1 -- "$@" 7300
	wait_until "$step" job_is running || { bad "it does not run: $(tail -n 3 log/job)"; finish; }
	daemon clients "$head" python3 "$top/test/cluster/keeper.py" "$tmp/asked" 7300 "${to[@]}"
	wait_until "$step" has_counted 10 || { bad "no answers: $(tail -n 3 log/*)"; finish; }
}

# moved WHAT COMMAND…: what was counted before a checkpoint is still there after the command, and
# the job is somewhere else.
moved() {
	local what=$1 was line n mark after
	shift
	mark=$(told | cut -d' ' -f1)
	await_checkpoint
	await_checkpoint
	was=$(where 0)
	n=$(told | cut -d' ' -f2)
	[ "$was" != node1 ] || ask=node2
	[ "$was" = node1 ] || ask=node1
	"$@" "$was" >>log/moves 2>&1
	is 0 $? "$what: $was"
	leaves "$was"
	wait_until "$step" came_again "$n"
	is 0 $? "$what: the clients have found it on $(where 0)"
	# The least that was counted since, all three being there again.
	line=$(awk -v n="$n" '$2 >= n + 3 { print $1; exit }' asked)
	after=${line:-0}
	[ "$after" -ge "$mark" ]
	is 0 $? "$what: it goes on from a checkpoint: $after, $mark before"
	is '' "$(grep -m 1 FAIL asked)" "$what: no wrong answer"
}

back() {
	lab boot "$1"
	node_start "$1"
	wait_until "$step" node_is "$1" up
	is 0 $? "$1 is back"
}

# keeper_moves: two nodes die, one after the other, and one is drained.
keeper_moves() {
	local first second
	first=$(where 0)
	moved 'its node dies' lab kill
	back "$first"
	second=$(where 0)
	moved 'the next one dies' lab kill
	back "$second"
	moved 'its node is drained' ctl drain
	on "$head" bash -c 'for a; do
			{ exec 5<>"/dev/tcp/$a/7300"; } 2>/dev/null && echo end >&5 && read -r _ <&5
		done' x "$(address node1)" "$(address node2)" "$(address node3)" 2>>err
	wait_until "$step" job_is ended
	is 0 $? "it ends: $(job state) $(job why)"
	daemon_kill clients "$head"
}

needs_criu() {
	local criu
	for criu in "${CR_CRIU:-}" /opt/cairn/criu/criu; do
		[ -x "$criu" ] && return
	done
	command -v criu >/dev/null || skip 'no CRIU (contrib/get-criu)'
}
