#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lease of a node: over when the coordinator is silent or the node stood still; not while the
# coordinator's host refuses connections.
set -u
. "$(dirname "$0")/peer.bash"

mark=$((100000 + $$ % 100000))
peer_up
node_up
start 1 0 1 ${mark}1
sleep 2
running ${mark}1
is 0 $? 'a member lives longer than one lease'
tell acks off
wait_until "$step" ended ${mark}1
is 0 $? 'a silent coordinator: the member is ended'
expect '^event 1\.0\.1 state 6' 'and it is told that it was fenced'
tell acks on
sleep 1

start 2 0 1 ${mark}2
kill -STOP "$node"
sleep 2
kill -CONT "$node"
wait_until "$step" ended ${mark}2
is 0 $? 'a node that stood still ends its member'
expect '^event 2\.0\.1 state 6' 'and tells it'
sleep 1

start 3 0 1 ${mark}3
kill -9 "$peer"
wait "$peer" 2>/dev/null
sleep 4
running ${mark}3
is 0 $? 'nobody listens at the coordinator: the member goes on'
peer_up "$port"
expect '^event 3\.0\.1 state [12] ' 'the new coordinator is told of it'
sleep 2
running ${mark}3
is 0 $? 'and it goes on'
tell kill 3 0 1
wait_until "$step" ended ${mark}3
is 0 $? 'until it is killed'
peer_finish
