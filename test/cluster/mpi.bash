# SPDX-License-Identifier: Apache-2.0
# An MPI job over two nodes as the job of a test, sourced after lib.sh. Its ranks check every byte
# and number every message (test/real/mpi.c); work/turns tells how far they are.
# shellcheck shell=bash

# mpi_prepare openmpi|mpich: before the cluster is there.
mpi_prepare() {
	local compiler
	case $1 in
	openmpi) compiler=mpicc.openmpi run=mpirun.openmpi ;;
	mpich) compiler=mpicc.mpich run=mpiexec.mpich ;;
	esac
	command -v $run $compiler >/dev/null || skip "no $run"
	mkdir work
	$compiler -O1 -o ring "$top/test/real/mpi.c" 2>err || bad "compiler: $(cat err)"
	# crrsh is the only setting; Open MPI wants to be asked twice before it runs as root.
	if [ "$1" = openmpi ]; then
		command=($run --oversubscribe -host node1:2,node2:2 -np 4)
		setting=(OMPI_MCA_plm_rsh_agent=crrsh OMPI_ALLOW_RUN_AS_ROOT=1
			OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
	else
		command=($run -hosts node1:2,node2:2 -np 4)
		setting=(HYDRA_LAUNCHER=ssh HYDRA_LAUNCHER_EXEC=crrsh)
	fi
}

# mpi_start [OPTION-OF-CRLAUNCH…]
mpi_start() {
	daemon job node1 env "${setting[@]}" "$CR_BIN/crlaunch" -n job "$@" -- "${command[@]}" \
		"$tmp/ring" "$tmp/work"
	wait_until "$step" there || { bad "it does not begin: $(tail -n 3 log/job)"; finish; }
	is 2 "$(status | jq '[.. | objects | select(has("member") and has("node")) | .member] |
		unique | length')" 'two members'
}

there() {
	[ -e work/ready ] || [ -e work/result ]
}

newest() {
	cat work/turns 2>/dev/null || echo 0
}

has_reached() {
	[ "$(newest)" -ge "$1" ] 2>/dev/null || [ -e work/result ]
}

has_result() {
	[ -e work/result ]
}

job_end() {
	: >work/verify
	wait_until "$step" has_result || bad "it does not end: $(job state) $(job why)"
	is PASS "$(cat work/result 2>/dev/null)" 'every message came, once and as it was sent'
	# MPICH 4.0.2 over UCX's TCP hangs in about every fifth MPI_Finalize between two nodes, without
	# Cairn as well: a rank waits to be told that its last bytes have come, by one that listens no
	# more.
	if wait_until $((step / 2)) job_is ended; then
		good 'the job has ended'
	elif [[ $run = *mpich ]]; then
		ctl kill job >>err 2>&1
		wait_until "$step" job_is ended
		is ended "$(job state)" 'the job is ended'
	else
		bad "the job does not end: $(job state) $(job why)"
	fi
}
