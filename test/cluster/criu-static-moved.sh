#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A static server is moved to another node when its node dies, and when it is drained.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
. "$top/test/cluster/keeper.bash"
built "$CR_CLUSTER_PROGS/keeper"
needs_criu
needs_lab
cluster_up 3
keeper_start "$CR_CLUSTER_PROGS/keeper"
keeper_moves
finish
