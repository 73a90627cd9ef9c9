#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A damaged copy is not used: the job comes back from another one, and the damaged one is
# repaired.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 3
export MSGS_MEMORY=8
job_start 1 -i 2 --replicas 2
await_checkpoint
for f in $(find "$(store_of node2)" -name pages.pack); do
	printf 'garbage garbage' | dd of="$f" bs=1 seek=8192 conv=notrunc 2>/dev/null
done
lab kill node1
ask=node3
moves_on 'from the sound copy'
is node3 "$(where 0)" 'where it is' 
job_end
finish
