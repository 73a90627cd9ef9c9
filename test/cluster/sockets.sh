#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Connections between the members of a job: every byte of every kind of them, through two deaths of
# all nodes that they are on, on nodes with other addresses. By IPv4, by IPv6, where other programs
# have the ports; from two nodes onto one, and from one onto two. See sockets.c.
# usage: sockets.sh [v4|v6|taken|onto-one|from-one …]
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
quorum_change=5 # CHANGE_MS in coordinator/quorum.c, in seconds
# Both of its nodes die at once, so its images lie in a folder that all have.
store() { echo "$tmp/store"; }

# The others have a voice when one is lost, but are not for the job.
eval "plain_$(declare -f node_start)"
node_start() {
	local name=$1
	shift
	if [ "${name#node}" -le 3 ] || [ "$variant" != onto-one ]; then
		set -- --label for=jobs "$@"
	fi
	plain_node_start "$name" "$@"
}

host_of() {
	if [ "$variant" = v6 ]; then echo "fd77::${1#node}"; else address "$1"; fi
}

give_v6() {
	local i d
	for ((i = 1; i <= nodes; i++)); do
		d=$(on "node$i" ip -o -4 addr show | awk '$2 != "lo" { print $2; exit }')
		on "node$i" ip -6 addr add "fd77::$i/64" dev "$d" nodad
	done
}

both() {
	[ -e "s/$1.0" ] && [ -e "s/$1.1" ] || compgen -G 's/failed.*' >/dev/null
}

# awaits WHAT.ROUND: both members say so, and none that something is wrong.
awaits() {
	wait_until $((step * 3)) both "$1" && ! compgen -G 's/failed.*' >/dev/null && return
	bad "$variant: $1: $(cat s/failed.* 2>/dev/null) $(tail -qn 1 log/crcoordinator)"
	return 1
}

running_again() {
	[ "$(job epoch)" -gt "$1" ] 2>/dev/null && job_is running
}

# One life: until all is set up and in a checkpoint; the nodes die; then everything is looked at.
life() {
	local round=$1 was epoch node
	awaits "ready.$round" || return
	await_checkpoint
	await_checkpoint
	was=$(printf '%s\n' "$(where 0)" "$(where 1)" | sort -u)
	epoch=$(job epoch)
	for node in $was; do
		lab kill "$node"
		dead="$dead $node "
	done
	for ((node = 1; node <= nodes; node++)); do
		[[ $dead = *" node$node "* ]] || ask=node$node
	done
	wait_until $((step * 3)) running_again "$epoch"
	is 0 $? "$variant: the job runs again, after the death of ${was//$'\n'/ }" || return
	: >"s/verify.$round"
	awaits "done.$round" || return
	good "$variant: all connections are there, life $((round + 2))"
	# Four of the quorum's five voices must not be lost before it has been chosen anew.
	[ $((round + 1)) = $lives ] || sleep $((quorum_change + 2))
}

run() {
	local variant=$1 n=6 first=node1 second=node2 lives=2 round node dead
	case $variant in
	onto-one) n=5 lives=1 ;;
	from-one) second=node1 ;;
	esac
	rm -rf s store log/*
	mkdir -m 777 s
	cluster_up $n
	ask=node$n dead=''
	[ $variant != v6 ] || give_v6
	[ $variant != onto-one ] || : >s/together.0
	daemon job.0 $first "$CR_BIN/crlaunch" -n job -i 1 --label for=jobs -- \
		"$CR_CLUSTER_PROGS/sockets" 0 "$tmp/s" 7000 "$(host_of $first)" "$(host_of $second)"
	wait_until "$step" job_has 1 || bad "no job: $(tail -n 1 log/job.0)"
	daemon job.1 $second "$CR_BIN/crlaunch" --join job -- "$CR_CLUSTER_PROGS/sockets" \
		1 "$tmp/s" 7000 "$(host_of $first)" "$(host_of $second)"
	if [ $variant = taken ]; then
		for ((node = 3; node <= n; node++)); do
			on node$node setsid -f "$CR_CLUSTER_PROGS/sockets" occupy 7000 \
				</dev/null >/dev/null 2>&1
		done
	fi
	for ((round = 0; round < lives; round++)); do
		life $round || break
	done
	: >s/stop
	lab down
}

for v in "${@:-v4}"; do
	run "$v"
done
finish
