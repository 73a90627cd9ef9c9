#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl without a cluster: what is said when nothing answers, something else does, or it hangs up;
# and which options are refused.
set -u
. "$(dirname "$0")/../soak/common.sh"

unset CR_COORDINATOR
export CR_NODE_SOCKET=$PWD/node.sock

# fails STATUS WORDS COMMAND…: with that status and one line with those words.
fails() {
	local status=$1 words=$2
	shift 2
	"$@" >out 2>msg </dev/null
	is "$status" $? "$*"
	says msg "$words" "$*: its message"
	is 1 "$(wc -l <msg)" "$*: one line"
}

crctl list >out 2>msg
is 0 $? 'without --coordinator no cluster is asked'
fails 113 'no crnode answers at .*node.sock' crctl nodes
fails 113 'no crnode answers at .*node.sock' crctl --coordinator here list
CR_COORDINATOR=here fails 113 'no crnode answers' crctl status job
CR_COORDINATOR='' crctl list >out 2>msg
is 0 $? 'an empty CR_COORDINATOR is none'
fails 113 'no crcoordinator or crnode answers at ./none.sock' crctl nodes --coordinator ./none.sock
CR_NODE_SOCKET='' CR_RUNTIME_DIR=$PWD fails 113 'start one on this node, or set' crctl nodes
: >node.sock
fails 113 'no crnode answers' crctl nodes
rm node.sock

fails 100 'unknown verb' crctl node
fails 100 'unknown option --nodez' crctl run --nodez 3 -- true
fails 100 'needs an argument' crctl run --nodes
fails 100 'goes with run only' crctl list --nodes 3
fails 100 'goes with checkpoint only' crctl --stop list
fails 100 'usage: crctl run' crctl run
fails 100 'usage: crctl run' crctl run -n x --
fails 100 'usage: crctl status JOB' crctl status a b
fails 100 'usage: crctl nodes' crctl nodes a
fails 100 'usage: crctl drain NODE' crctl drain
fails 100 'whole number, from 1' crctl run --keep 1.5 -- true
fails 100 'is not a time.* from 10ms' crctl run --interval nan -- true
fails 100 'replicas.* out of range.* from 0 to 100' crctl run --replicas -1 -- true
fails 100 'not restart or stop' crctl run --on-failure burn -- true
fails 100 'give KEY=VALUE' crctl run --label gpu -- true
fails 100 'give KEY=VALUE' crctl run --label =yes -- true
fails 100 'from 1 to 100000' crctl run --nodes 100001 -- true
# crlaunch has the same table.
fails 100 'whole number, from 0' crlaunch --max-restarts 2.5 -- true
fails 100 'whole number, from 1' crlaunch --keep 1.5 -- true
fails 100 'from 1 to 100000' crlaunch --nodes 100001 -- true
fails 100 'not restart or stop' crlaunch --on-failure burn -- true
fails 100 'give KEY=VALUE' crlaunch --label gpu -- true
CR_KEEP=no fails 100 'CR_KEEP' crctl run -- true
fails 100 "cannot be a name" crctl run -n 'a/b' -- true
CR_KEEP=no fails 113 'no crnode' crctl nodes

if command -v python3 >/dev/null; then
	cat >fake.py <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind("node.sock")
		s.listen()
		for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\xff" * 64, b"\1\0\0\0"):
		    c = s.accept()[0]
		    if words:
		        c.recv(4)
		    c.sendall(words)
		    c.close()
	END
	python3 fake.py &
	wait_until "$step" test -S node.sock
	for what in 'something else' 'who hangs up' 'bytes' 'half a header'; do
		fails 113 'crnode' crctl nodes
	done
	wait
fi
finish
