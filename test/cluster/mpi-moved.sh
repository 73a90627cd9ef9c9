#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An MPI job of one node, without a cluster: brought back by hand on another host, which has another
# name and address and an empty /tmp and /dev/shm; then on a third.
# usage: mpi-moved.sh [openmpi|mpich…]
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
lab up 3 || { bad 'no lab'; finish; }
export CR_RUNTIME_DIR=/run/cairn-test CR_SOURCE=$top/test

there() {
	[ -e work/ready ] || [ -e work/result ]
}

past() {
	[ "$(cat work/turns)" -gt "$1" ] 2>/dev/null || [ -e work/result ]
}

alone() {
	on "$1" timeout "$step" "$CR_BIN/crctl" "${@:2}"
}

moves() {
	local had from to
	rm -rf work ckpt
	mkdir work
	for to in node1 node2 node3; do
		lab boot $to >/dev/null 2>&1
	done
	daemon "$1" node1 "$CR_BIN/crlaunch" -n job -d "$tmp/ckpt" -- \
		bash "$top/test/real/$1.sh" "$tmp/work"
	wait_until $((step * 4)) there
	if grep '^skip:' "log/$1"; then
		return
	fi
	[ ! -e work/result ] || { bad "$1: $(cat work/result)"; return; }
	for to in node2 node3; do
		from=node$((${to#node} - 1))
		alone $from checkpoint job >>err 2>&1 || { bad "$1: $(tail -n 1 err)"; return; }
		lab kill $from
		had=$(cat work/turns)
		daemon "$1.$to" $to "$CR_BIN/crrestart" "$tmp/ckpt/job"
		wait_until "$step" past $((had + 5)) ||
			{ bad "$1 on $to: $(tail -n 2 "log/$1.$to")"; return; }
		good "$1 goes on on $to"
	done
	: >work/verify
	wait_until "$step" test -e work/result
	is PASS "$(cat work/result)" "$1: every message came, once and as it was sent"
	lab kill node3
}

for which in "${@:-openmpi}"; do
	moves "$which"
done
[ $# -gt 0 ] || moves mpich
[ $checks -gt 0 ] || skip 'no MPI'
finish
