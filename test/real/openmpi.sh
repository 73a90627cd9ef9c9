#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Open MPI with its default settings (shared memory, CMA, PMIx, a pty for rank 0): 4 ranks.
# options: more=240
work=$1
for p in mpirun.openmpi mpicc.openmpi; do
	command -v $p >/dev/null || { echo "skip: no $p" >&2; exit 77; }
done
mpicc.openmpi -O1 -o "$work/ring" "$CR_SOURCE/real/mpi.c" || exit 1
# It refuses to run as root unless told twice, which is no setting of MPI.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
printf 'begin\nend\n' >"$work/expect-out"
exec mpirun.openmpi --oversubscribe -np 4 "$work/ring" "$work"
