#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# MPI over two nodes, started by crrsh, whose ranks check every byte and number every message. Both
# nodes die at once, twice, and each time the job goes on on two others with other addresses.
# usage: mpi-openmpi.sh [openmpi|mpich]
set -u
. "$(dirname "$0")/lib.sh"
which=${1:-openmpi}
case $which in
openmpi) compiler=mpicc.openmpi run=mpirun.openmpi ;;
mpich) compiler=mpicc.mpich run=mpiexec.mpich ;;
esac
command -v $run $compiler >/dev/null || skip "no $run"
needs_lab
step=$((step * 3))

mkdir work
$compiler -O1 -o ring "$top/test/real/mpi.c" 2>err || bad "compiler: $(cat err)"
# crrsh is the only setting; Open MPI wants to be asked twice before it runs as root.
if [ "$which" = openmpi ]; then
	command=($run --oversubscribe -host node1:2,node2:2 -np 4 "$tmp/ring" "$tmp/work")
	setting=(OMPI_MCA_plm_rsh_agent=crrsh OMPI_ALLOW_RUN_AS_ROOT=1
		OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
else
	command=($run -hosts node1:2,node2:2 -np 4 "$tmp/ring" "$tmp/work")
	setting=(HYDRA_LAUNCHER=ssh HYDRA_LAUNCHER_EXEC=crrsh)
fi
cluster_up 4

there() {
	[ -e work/ready ] || [ -e work/result ]
}

turn() {
	cat work/turns 2>/dev/null || echo 0
}

past() {
	[ "$(turn)" -gt "$1" ] || [ -e work/result ]
}

daemon job node1 env "${setting[@]}" "$CR_BIN/crlaunch" -n job --replicas 3 -i 3600 -- \
	"${command[@]}"
wait_until "$step" there || { bad "it does not begin: $(tail -n 3 log/job)"; finish; }
is 2 "$(status | jq '[.. | objects | select(has("member") and has("node")) | .member] |
	unique | length')" 'two members'

for pair in 'node1 node2' 'node3 node4'; do
	ctl checkpoint job >ctl.out 2>&1 || { bad "checkpoint: $(tail -n 1 ctl.out)"; finish; }
	had=$(turn)
	for n in $pair; do lab kill "$n"; done
	ask=node3
	[ "$pair" = 'node1 node2' ] || ask=node1
	sleep 1
	# What was behind the checkpoint may come again, but the job must come further.
	wait_until "$step" past $((had + 20)) || {
		bad "it does not go on without $pair: $(job state) $(job why)"
		finish
	}
	[ ! -e work/result ] || { bad "$(cat work/result)"; finish; }
	good "without $pair: on $(where 0) and $(where 1), turn $(turn) after $had"
	for n in $pair; do
		lab boot "$n"
		node_start "$n"
	done
	wait_until "$step" all_up || bad "$pair do not come back"
done
: >work/verify
wait_until "$step" test -e work/result || bad "it does not end: $(job state) $(job why)"
is PASS "$(cat work/result 2>/dev/null)" 'every message came, once and as it was sent'
wait_until "$step" job_is ended
is ended "$(job state)" 'the job has ended'
finish
