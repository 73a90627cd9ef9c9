#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A second daemon of the same name is refused by a clear line; the first one stays.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 1 -i 1
await_checkpoint
mkdir -p other
"$CR_BIN/crnode" --coordinator "$CR_COORDINATOR" --name node1 --store "$tmp/other/store" \
	--key key --socket "$tmp/other/socket" </dev/null >msg 2>&1 &
pid=$!
wait_until "$step" grep -q 'the name node1 is another' msg
is 0 $? "a line tells of it: $(tail -n 1 msg)"
sleep 3
kill -9 $pid
wait $pid 2>/dev/null
is 1 "$(grep -c refuses msg)" 'once'
node_is node1 up
is 0 $? 'node1 is up as before'
is 0 "$(job restarts)" 'the job has not noticed'
job_end
finish
