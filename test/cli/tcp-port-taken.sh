#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# After a kill, the kernel gives the port of connections inside the job to somebody else: the job
# can have it as well, as any other connection could, also for one that waits to be accepted.
set -u
. "$(dirname "$0")/../soak/common.sh"

cat >job.py <<'END'
import os, socket, struct, time
server = socket.create_server(('127.0.0.7', 0))
a = socket.create_connection(server.getsockname())
b = server.accept()[0]
port = a.getsockname()[1]
second = socket.create_server(('127.0.0.7', 0))
c = socket.socket()
c.setsockopt(socket.IPPROTO_IP, 51, struct.pack('I', port | port << 16))
c.connect(second.getsockname())
with open('port', 'w') as f:
    f.write(str(port))
open('ready', 'w').close()
n = 0
while not os.path.exists('end'):
    a.send(bytes([n % 256]))
    if b.recv(1)[0] != n % 256:
        raise SystemExit('wrong data')
    n += 1
    time.sleep(.01)
d = second.accept()[0]
c.send(b'!')
if d.recv(1) != b'!':
    raise SystemExit('wrong data')
print('port', a.getsockname()[1], c.getsockname()[1])
END
cat >other.py <<'END'
import os, socket, struct, time
port = int(open('port').read())
server = socket.create_server(('127.0.0.8', 0))
s = socket.socket()
s.setsockopt(socket.IPPROTO_IP, 51, struct.pack('I', port | port << 16))
while True:
    try:
        s.connect(server.getsockname())
        break
    except OSError:
        time.sleep(.1)
open('taken', 'w').close()
while not os.path.exists('end'):
    time.sleep(.05)
END
python3 -c 'import socket; socket.socket().setsockopt(socket.IPPROTO_IP, 51, 0)' 2>msg ||
	skip 'this kernel lets nobody choose the port that it would choose'
launch -n job -d ckpt -- python3 job.py
wait_until "$step" test -e ready && await_up || finish
crctl checkpoint job >>out 2>>err
is 0 $? 'a checkpoint'
slay
python3 other.py 2>>err &
other=$!
wait_until "$step" test -e taken
is 0 $? 'somebody else has the port'
for i in 1 2; do
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || { : >end; finish; }
	crctl checkpoint job >>out 2>>err
	is 0 $? "a checkpoint after restart $i"
	[ $i = 2 ] || slay
done
: >end
wait "$other"
is 0 $? 'the other one is undisturbed'
wait "$shepherd"
is 0 $? 'the job comes to its end'
is "port $(cat port) $(cat port)" "$(tail -n 1 out)" 'both connections have the port that they had'
finish
