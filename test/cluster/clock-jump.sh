#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The clock of a node and that of the coordinator jump: nothing is decided by it.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
echo 0 >jump
export CLOCK_JUMP=$tmp/jump
jump_lib=$CR_CLUSTER_PROGS/clockjump.so
[ -e "$jump_lib" ] || skip "no $jump_lib"
daemon_env=(LD_PRELOAD="$jump_lib")
cluster_up 2
job_start 1 -i 1
await_checkpoint
for by in 86400 -86400 -3 3000000; do
	echo $by >jump
	sleep 4
	moves_on "the clock is off by $by s"
	await_checkpoint
done
is 0 "$(job restarts)" 'the job was not restarted'
all_up
is 0 $? 'all nodes are up'
job_end
finish
