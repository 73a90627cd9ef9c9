#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An address where something else answers, or nobody: a clear line, and tries again; then garbage
# on the address of the coordinator.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 1
mkdir -p other
(cd other && exec /usr/bin/python3 -m http.server --bind 127.0.0.1 $((port + 1))) \
	</dev/null >other.log 2>&1 &
server=$!
wait_until "$step" bash -c "</dev/tcp/127.0.0.1/$((port + 1))" 2>/dev/null
"$CR_BIN/crnode" --coordinator "127.0.0.1:$((port + 1))" --name node9 --store other/store \
	--key key --socket other/socket </dev/null >msg 2>&1 &
pid=$!
wait_until "$step" grep -q . msg
sleep 1
says msg "127.0.0.1:$((port + 1))" "the line names the address: $(tail -n 1 msg)"
kill -9 $server $pid
wait $pid $server 2>/dev/null
"$CR_BIN/crnode" --coordinator "127.0.0.1:$((port + 1))" --name node9 --store other/store \
	--key key --socket other/socket </dev/null >msg 2>&1 &
pid=$!
wait_until "$step" grep -q . msg
says msg 'refused' "nobody there: $(tail -n 1 msg)"
kill -9 $pid
wait $pid 2>/dev/null

job_start 1 -i 1
/usr/bin/python3 - "${CR_COORDINATOR%:*}" "${CR_COORDINATOR#*:}" <<-'END'
	import random, socket, sys
	random.seed(1)
	held = []
	for i in range(10000):
	    s = socket.socket()
	    s.settimeout(10)
	    try:
	        s.connect((sys.argv[1], int(sys.argv[2])))
	        s.send(random.choice([b"GET / HTTP/1.0\r\n\r\n", random.randbytes(200),
	                              b"\x16\x03\x01" + random.randbytes(50), b"\0" * 64]))
	    except OSError:
	        pass
	    if i % 20 == 0 and len(held) < 400:
	        held.append(s)
	    else:
	        s.close()
END
node_is node1 up
is 0 $? 'after 10,000 connections of garbage node1 is up'
is 0 "$(job restarts)" 'the job has not noticed'
await_checkpoint
job_end
is '' "$(grep -c . log/crcoordinator | awk '$1 > 20000')" 'and the log is no flood'
finish
