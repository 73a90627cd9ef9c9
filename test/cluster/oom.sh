#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A member that the kernel kills for want of memory is started again, and the cause is told.
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
CR_LAB_DISK=800m
export CR_LAB_DISK
cluster_up 2
witness_start
export MSGS_MEMORY=150
job_start 1 -i 2
await_checkpoint
lab memory node1 300M
on node1 sh -c 'echo 1000 >/proc/$1/oom_score_adj' x "$(on node1 pgrep -f '^[^ ]*/msgs 0')"
on node1 timeout 20 /usr/bin/python3 -c 'x = bytearray(250 << 20)
import time
time.sleep(3)' 2>/dev/null
lab heal node1
moves_on 'after the kill'
is 1 "$(job restarts)" 'one restart'
events | grep -qi 'memory'
is 0 $? 'an event tells of the memory'
job_end
finish
