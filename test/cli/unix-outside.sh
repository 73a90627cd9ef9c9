#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Unix sockets that lead out of the job: the other side notices nothing of a checkpoint; after a
# restart streams are at their end, datagram sockets are connected again, and crctl check says so.
# A name that another program has taken is not taken from it.
set -u
. "$(dirname "$0")/../soak/common.sh"
command -v python3 >/dev/null || skip 'no python3'

mkdir work
cat >server.py <<'PY'
import os, socket
here = os.getcwd()
s = socket.socket(socket.AF_UNIX); s.bind(here + "/work/stream"); s.listen()
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind(here + "/work/log")
log = open("received", "w", buffering=1)
open("work/up", "w").close()
c, _ = s.accept()
c.sendall(b"unread")
log.write("stream %s\n" % c.recv(100).decode())
log.write("dgram %s\n" % d.recv(100).decode())
open("work/seen", "w").close()
try:
    c.recv(100)
except ConnectionResetError:
    # The job died with something unread.
    pass
log.write("dgram %s\n" % d.recv(100).decode())
PY
cat >job.py <<'PY'
import os, socket, time
here = os.getcwd()
def wait(name):
    while not os.path.exists("work/" + name):
        time.sleep(0.01)
c = socket.socket(socket.AF_UNIX); c.connect(here + "/work/stream")
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.connect(here + "/work/log")
l = socket.socket(socket.AF_UNIX); l.bind(here + "/work/mine"); l.listen()
c.sendall(b"hello"); d.send(b"one")
open("work/ready", "w").close()
wait("go")
out = open("work/result", "w")
out.write("got '%s' '%s'\n" % (c.recv(100).decode(), c.recv(100).decode()))
try:
    c.send(b"x")
except BrokenPipeError:
    out.write("pipe broken\n")
d.send(b"two")
out.close()
open("work/done", "w").close()
PY
other=
python3 server.py >server.out 2>&1 &
server=$!
trap 'kill $server $other 2>/dev/null' EXIT
wait_until "$step" test -e work/up || bad 'no server'
launch -n job -d ckpt -- python3 job.py
wait_until "$step" ready && await_up && wait_until "$step" test -e work/seen || finish
crctl check job >msg 2>&1
is 0 $? 'a job connected to the outside can be saved'
says msg 'outside the job.*/work/stream.*closed' 'what becomes of the stream'
says msg 'outside the job.*/work/log.*again' 'and of the datagrams'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
is 'stream hello dgram one' "$(tr '\n' ' ' <received | sed 's/ $//')" 'the outside noticed nothing'
slay
# While the job is dead somebody else takes its listener's name.
rm work/mine
python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("work/mine"); s.listen()
open("work/taken", "w").close(); time.sleep(1000)' >other.out 2>&1 &
other=$!
wait_until "$step" test -e work/taken
crrestart ckpt/job </dev/null >>out 2>msg
is 104 $? 'restart while another program listens there'
says msg 'another program listens.*/work/mine' 'its message'
kill "$other"
wait "$other" 2>/dev/null
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
: >work/go
wait_until "$step" test -e work/done || bad "the job did not go on: $(tail -n 1 err)"
wait "$shepherd"
is 0 $? 'exit status of the job'
is "got 'unread' ''" "$(head -n 1 work/result)" 'what had come is read, then the end'
is 'pipe broken' "$(tail -n 1 work/result)" 'writing says that nobody is there'
wait_until "$step" gone "$server" || { bad 'the server waits'; kill "$server"; }
is 'dgram two' "$(tail -n 1 received)" 'datagrams arrive again'
finish
