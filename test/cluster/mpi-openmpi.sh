#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# MPI over two nodes, started by crrsh, whose ranks check every byte and number every message. Both
# nodes die at once, twice, and each time the job goes on on two others with other addresses.
# usage: mpi-openmpi.sh [openmpi|mpich]
# options: root
set -u
. "$(dirname "$0")/lib.sh"
. "$top/test/cluster/mpi.bash"
needs_lab
step=$((step * 3))
mpi_prepare "${1:-openmpi}"
cluster_up 4
mpi_start --replicas 3 -i 3600

for pair in 'node1 node2' 'node3 node4'; do
	ctl checkpoint job >ctl.out 2>&1 || { bad "checkpoint: $(tail -n 1 ctl.out)"; finish; }
	had=$(newest)
	for n in $pair; do lab kill "$n"; done
	ask=node3
	[ "$pair" = 'node1 node2' ] || ask=node1
	sleep 1
	# What was behind the checkpoint may come again, but the job must come further.
	wait_until "$step" has_reached $((had + 20)) || {
		bad "it does not go on without $pair: $(job state) $(job why)"
		finish
	}
	[ ! -e work/result ] || { bad "$(cat work/result)"; finish; }
	good "without $pair: on $(where 0) and $(where 1), turn $(newest) after $had"
	for n in $pair; do
		lab boot "$n"
		node_start "$n"
	done
	wait_until "$step" all_up || bad "$pair do not come back"
done
job_end
finish
