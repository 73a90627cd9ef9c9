#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A second daemon of the same name is refused by a clear line; the first one stays.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
mkdir -p other
"$CR_BIN/crnode" --coordinator "$CR_COORDINATOR" --name node1 --store other/store --key key \
	--socket other/socket </dev/null >msg 2>&1 &
pid=$!
wait_until "$step" gone $pid
is 0 $? 'it ends' || kill -9 $pid
wait $pid
is 113 $? 'with the status of a refusal'
says msg 'node1' "and a line that names it: $(tail -n 1 msg)"
sleep 1
node_is node1 up
is 0 $? 'node1 is up as before'
finish
