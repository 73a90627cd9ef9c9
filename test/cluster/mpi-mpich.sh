#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# As mpi-openmpi.sh, with MPICH.
exec "$(dirname "$0")/mpi-openmpi.sh" mpich
