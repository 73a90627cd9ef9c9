# SPDX-License-Identifier: Apache-2.0
# contrib/demo --cluster: two nodes, a job that counts into a file; one node dies, and the job goes
# on on the other. As root the nodes have namespaces and addresses of their own, and one dies by a
# power failure; for others they are two daemons with two stores, and all of the one's processes
# are killed. Sourced by contrib/demo.
# shellcheck shell=bash

# Seconds since the beginning, in front of what is told.
tell()
{
	local t=$(((${EPOCHREALTIME/[.,]/} - began) / 100000))

	printf 'demo: %3d.%d s  %s\n' $((t / 10)) $((t % 10)) "$*"
}

in_lab()
{
	[ "$where" = lab ]
}

lab()
{
	CR_LAB=demo$$ CR_LAB_SHARED="$top $build $work" "$top/test/lab/lab" "$@"
}

# on NODE COMMAND…
on()
{
	local node=$1

	shift
	if in_lab; then
		lab exec "$node" env -u CR_RUNTIME_DIR "$@"
	else
		CR_NODE_SOCKET=$work/$node/socket CR_RUNTIME_DIR=$work/$node/run "$@"
	fi
}

# start_on NODE LOG COMMAND…, in the background.
start_on()
{
	local node=$1 out=$work/$2

	shift 2
	on "$node" setsid -f "$@" </dev/null >>"$out" 2>&1
}

# The daemons and shepherds of a node that is no namespace, and all below them.
processes_of()
{
	local f pid

	for f in /proc/[0-9]*/environ; do
		pid=${f#/proc/} pid=${pid%/environ}
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		crnode | crcoordinator | crlaunch | crrestart) ;;
		*) continue ;;
		esac
		! grep -qszF "CR_NODE_SOCKET=$work/$1/" "$f" || tree_of "$pid"
	done
}

tree_of()
{
	local child

	echo "$1"
	for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		tree_of "$child"
	done
}

node_dies()
{
	local pids

	if in_lab; then
		lab kill "$1"
	else
		pids=$(processes_of "$1")
		# shellcheck disable=SC2086
		kill -9 $pids 2>/dev/null
	fi
}

cluster_cleanup()
{
	local node

	[ -z "$follower" ] || kill "$follower" 2>/dev/null
	if in_lab; then
		lab down
	else
		for node in node1 node2 head; do
			node_dies $node
		done
	fi
	rm -rf "$work"
}

# until_true SECONDS COMMAND…
until_true()
{
	local i n=$(($1 * 10))

	shift
	for ((i = 0; i < n; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

ctl()
{
	on node2 "$bin/crctl" "$@"
}

both_up()
{
	[ "$(ctl nodes 2>/dev/null | grep -cw up)" = 2 ]
}

committed()
{
	ctl events 2>/dev/null | grep -q committed
}

start_cluster()
{
	local node i=0 address store listen=127.0.0.1:$((20000 + $$ % 20000))

	if in_lab; then
		lab up 3 || die 'no lab of nodes'
		listen=$(lab address node3):7117
	fi
	export CR_COORDINATOR=$listen
	"$bin/crcoordinator" --init "$work/key" >/dev/null || die 'crcoordinator --init'
	tell "1. a coordinator at $listen, and two nodes"
	for node in head node1 node2; do
		mkdir -p "$work/$node" && mkdir -m 700 "$work/$node/run"
	done
	store=$work
	! in_lab || store=/mnt
	start_on "$head" crcoordinator "$bin/crcoordinator" --listen "$listen" \
		--state "$store/coordinator" --key "$work/key"
	for node in node1 node2; do
		address=127.0.0.1 store=$work/$node/store
		! in_lab || address=$(lab address $node) store=/mnt/store
		start_on $node "crnode.$node" "$bin/crnode" --coordinator "$listen" --name $node \
			--store "$store" --key "$work/key" --address "$address"
	done
	until_true 20 both_up || die "the nodes are not up: $(tail -qn 2 "$work"/cr*)"
	ctl nodes | sed 's/^/        /'
}

# The numbers, as they come, and that the file is cut back to the checkpoint.
follow()
{
	local shown=0 n line

	while :; do
		n=$(wc -l <"$work/numbers")
		if [ "$n" -lt "$shown" ]; then
			shown=$n
			tell "   the file is as at the checkpoint again: up to number $n"
		fi
		while [ "$shown" -lt "$n" ]; do
			shown=$((shown + 1))
			line=$(sed -n "${shown}p" "$work/numbers")
			tell "            $line"
		done
		sleep 0.1
	done &
	follower=$!
}

lose_a_node()
{
	local at now high

	tell "2. crlaunch starts a program on node1 that counts into a file"
	: >"$work/numbers"
	# shellcheck disable=SC2016
	start_on node1 job "$bin/crlaunch" -n count -i 1 -- sh -c 'exec "$0" >"$1"' \
		"$build/contrib/demo.d/count" "$work/numbers"
	follow
	reach "$work/numbers" 5 || die "the job does not count: $(tail -n 2 "$work/job")"
	until_true 20 committed || die 'there is no checkpoint on the other node'
	ctl status count | sed 's/^/        /'
	reach "$work/numbers" 12 || die 'the job does not go on after the checkpoint'
	node_dies node1
	at=${EPOCHREALTIME/[.,]/} high=$(last "$work/numbers")
	tell "3. node1 is dead, at number $high"
	until_true 30 grew_back "$high" || die 'the job does not go on on node2'
	now=${EPOCHREALTIME/[.,]/}
	tell "4. the job goes on on node2, $(((now - at) / 1000)) ms after node1's death"
	reach "$work/numbers" $((high + 6)) || die 'the job does not go on counting on node2'
	kill "$follower" 2>/dev/null
	follower=
	ctl status count | sed 's/^/        /'
	tell '5. what the coordinator tells of it (crctl events):'
	ctl events | sed 's/^/        /'
}

# Whether the file has been cut back to the checkpoint and written to, or has gone on.
grew_back()
{
	local n

	n=$(last "$work/numbers")
	[ "$n" != "$1" ] && [ "$n" -gt 0 ]
}

compare()
{
	local bad tokens

	tokens=$(cut -d' ' -f3 "$work/numbers" | sort -u | wc -l)
	[ "$tokens" = 1 ] || die "another program came back: $tokens tokens in the file"
	bad=$(awk '$1 != NR { print; exit }' "$work/numbers")
	[ -z "$bad" ] || die "the numbers in the file are not in a row: $bad"
}

cluster_demo()
{
	local why

	began=${EPOCHREALTIME/[.,]/}
	follower='' where=loopback head=head
	if why=$("$top/test/lab/lab" status 2>/dev/null); then
		where=lab head=node3
	else
		say "the nodes are two daemons on this host (${why#skip: })"
	fi
	trap 'rc=$?; trap - EXIT INT TERM; cluster_cleanup; exit $rc' EXIT
	chmod 755 "$work"
	start_cluster
	lose_a_node
	compare
	ctl kill count >/dev/null || die 'crctl kill failed'
	tell 'done: all numbers are in the file, each once, all from one program'
}
