#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# MPICH with its default settings (UCX: shared memory, CMA, sockets to itself): 4 ranks.
# options: more=240
work=$1
for p in mpiexec.mpich mpicc.mpich; do
	command -v $p >/dev/null || { echo "skip: no $p" >&2; exit 77; }
done
mpicc.mpich -O1 -o "$work/ring" "$CR_SOURCE/real/mpi.c" || exit 1
printf 'begin\nend\n' >"$work/expect-out"
exec mpiexec.mpich -np 4 "$work/ring" "$work"
