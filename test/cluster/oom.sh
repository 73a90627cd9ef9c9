#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A member that the kernel kills for want of memory is started again, and the cause is told.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab
cluster_up 2
witness_start
lab memory node1 500M
export MSGS_MEMORY=60
job_start 1 -i 2
await_checkpoint
pid=$(on node1 pgrep -x msgs)
on node1 sh -c 'echo 1000 >"/proc/$1/oom_score_adj"' x "$pid"
# Somebody else takes what there is, until the member is gone.
on node1 timeout 60 /usr/bin/python3 - "$pid" <<-'END'
	import os, sys, time
	held = []
	while os.path.exists("/proc/" + sys.argv[1]):
	    held.append(b"x" * (4 << 20))
	    time.sleep(0.01)
END
wait_until "$step" happened member-failed
is 0 $? 'the member was killed'
events | grep -qi 'out of memory'
is 0 $? 'an event tells of the memory'
lab heal node1
wait_until "$step" job_is running
moves_on 'after the kill'
job_end
finish
