#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What crnode says to its users, and to a coordinator that does not want it.
set -u
. "$(dirname "$0")/peer.bash"

export CR_NODE_SOCKET=$tmp/socket
crnode --store store --key key 2>msg
is 100 $? 'no coordinator given'
says msg coordinator 'its message'
crnode -c 127.0.0.1:1 --store store 2>msg
is 100 $? 'no key given'
peer_up
chmod 644 key
crnode -c "127.0.0.1:$port" --store store --key key 2>msg
is 114 $? 'a key that others can read'
says msg key 'its message names it'
chmod 600 key
crnode -c "127.0.0.1:$port" -n 'a b' --store store --key key 2>msg
is 100 $? 'a name that cannot be one'
crnode -c "127.0.0.1:$port" --store /dev/null/store --key key 2>msg
is 111 $? 'a store that cannot be'
says msg /dev/null/store 'its message names it'

tell refuse the name n1 is another node\'s
crnode -c "127.0.0.1:$port" -n n1 -s store --key key --socket "$tmp/socket" 2>node.out &
node=$!
refused() { grep -q "refuses this node: the name n1 is another" node.out; }
wait_until "$step" refused
is 0 $? 'a refusal is told'
gone "$node"
is 1 $? 'and asked again later'
kill "$node"
wait "$node"
is 0 $? 'SIGTERM without members ends it at once'
kill "$peer"
wait "$peer" 2>/dev/null
: >peer.out
peer_up

CR_RUNTIME_DIR=$tmp/run node_up --socket "$tmp/run/node.sock"
crlaunch -n node -- true 2>msg
is 108 $? 'a job of the name of its socket'
says msg 'taken by the socket of crnode' 'its message'
CR_NODE_SOCKET=$tmp/run/node.sock crctl nodes >msg 2>&1
expect '^request 5 uid' 'a request reaches the coordinator'
head -c 100000 /dev/urandom >noise
python3 - "$tmp/run/node.sock" <<-END 2>/dev/null
	import socket, sys
	for i in range(50):
	    s = socket.socket(socket.AF_UNIX)
	    s.connect(sys.argv[1])
	    try:
	        s.sendall(open("noise", "rb").read())
	    except OSError:
	        pass
END
gone "$node"
is 1 $? 'noise does not end it'
kill -9 "$peer"
wait "$peer" 2>/dev/null
begin=$SECONDS
CR_NODE_SOCKET=$tmp/run/node.sock timeout 60 crctl nodes >msg 2>&1
is 113 $? 'without a coordinator a request fails'
says msg 'cannot be reached' 'its message'
[ $((SECONDS - begin)) -ge 5 ]
is 0 $? 'after some patience'
peer_finish
