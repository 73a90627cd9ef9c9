#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node with another key, or one without any, is told so and gets nothing.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 1
"$CR_BIN/crcoordinator" --init "$tmp/other-key" >/dev/null
mkdir -p other
"$CR_BIN/crnode" --coordinator "$CR_COORDINATOR" --name node9 --store "$tmp/other/store" \
	--key other-key --socket "$tmp/other/socket" </dev/null >msg 2>&1 &
pid=$!
wait_until "$step" grep -qiE 'key|trust|authent|handshake' msg
is 0 $? "another cluster's key: $(tail -n 1 msg)"
kill -9 $pid
wait $pid 2>/dev/null
says log/crcoordinator 'key|trust|authent|handshake' 'the coordinator tells of it as well'
cp key open-key
chmod 644 open-key
timeout 20 "$CR_BIN/crnode" --coordinator "$CR_COORDINATOR" --name node9 --store other/store \
	--key open-key --socket other/socket </dev/null >msg 2>&1
is 114 $? 'status with a key that others may read'
says msg 'open-key' "and why: $(tail -n 1 msg)"
timeout 20 "$CR_BIN/crnode" --coordinator "$CR_COORDINATOR" --name node9 --store other/store \
	--key no-key --socket other/socket </dev/null >msg 2>&1
is 114 $? 'status with no key'
is '' "$(node_state node9)" 'no such node is known'
node_is node1 up
is 0 $? 'node1 is up as before'
finish
