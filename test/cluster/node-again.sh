#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crnode is killed, upgraded and drained; its members do not notice.
set -u
. "$(dirname "$0")/peer.bash"

mark=$((300000 + $$ % 100000))
peer_up
node_up
start 1 0 1 ${mark}1
kill -9 "$node"
wait "$node" 2>/dev/null
start=$(pgrep -fx "sleep ${mark}1")
node_up
expect '^event 1\.0\.1 state [12] ' 'a crnode after kill -9 knows its member'
sleep 2
is "$start" "$(pgrep -fx "sleep ${mark}1")" 'which has not noticed'
node_up_again() {
	got 3 '^hello n1'
}
kill -HUP "$node"
expect '^leaving back' 'SIGHUP: the coordinator is told'
wait_until "$step" node_up_again
is 0 $? 'it comes back'
gone "$node"
is 1 $? 'as the same process'
sleep 2
is "$start" "$(pgrep -fx "sleep ${mark}1")" 'and its member has not noticed'
crnode -c "127.0.0.1:$port" -n n1 -s store --key key --socket "$tmp/other" 2>msg
is 108 $? 'a second crnode of that name and store'
says msg 'crnode of the name n1' 'its message'

# What ended while nobody looked is told by the next one.
kill -9 "$node"
wait "$node" 2>/dev/null
kill -9 "$(ps -o ppid= -p "$start")"
kill -9 "$start"
node_up
expect '^event 1\.0\.1 state [45] .*' 'a member that ended meanwhile'
tell start 1 0 2 "$(id -u)" 0 "$CR_PROGS/../cluster/nothing"
expect '^event 1\.0\.2 state 4' 'a member that cannot run'

start 4 0 1 ${mark}4
kill -TERM "$node"
expect '^leaving drain' 'SIGTERM: the node is drained'
gone "$node"
is 1 $? 'and waits for its member to go'
tell kill 4 0 1
wait_until "$step" gone "$node"
is 0 $? 'then it ends'
wait "$node"
is 0 $? 'with status 0'
peer_finish
