#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lab itself: each of its verbs does what it says, and nothing of it stays.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
needs_lab

lab up 3 >msg 2>&1
is 0 $? 'a lab of three nodes comes up' || cat msg
on() {
	lab exec "$@"
}

serve() {
	on "$1" setsid -f /usr/bin/python3 -c '
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 7000))
s.listen(9)
while True:
    c, _ = s.accept()
    c.sendall(socket.gethostname().encode())
    c.close()' </dev/null >/dev/null 2>&1
}

# ask FROM TO: the name that the other answers with, nothing if there is no way.
ask() {
	on "$1" timeout 2 bash -c 'cat <"/dev/tcp/$1/7000"' x "$(lab address "$2")" 2>/dev/null
}

reaches() {
	[ "$(ask "$1" "$2")" = "$2" ]
}

for n in node1 node2 node3; do
	serve $n
done
wait_until "$step" reaches node1 node2
is 0 $? 'node1 reaches node2'
wait_until "$step" reaches node3 node1
is 0 $? 'node3 reaches node1'
is node2 "$(on node2 hostname)" 'a name of its own'
is "$PWD" "$(on node2 pwd)" 'the same folder'
is 7 "$(on node2 sh -c 'exit 7'; echo $?)" 'the status of a command'
on node1 sh -c 'echo there >/mnt/file; echo there >/run/file; echo there >/tmp/file'
is '' "$(on node2 cat /mnt/file /run/file /tmp/file 2>/dev/null)" 'disk, /run and /tmp are its own'
is there "$(cat "$(lab disk node1)/file")" 'its disk, seen from outside'

lab isolate node2
reaches node1 node2
is 1 $? 'isolate: nothing reaches it'
reaches node1 node3
is 0 $? 'the others do'
lab heal node2
reaches node1 node2
is 0 $? 'heal'
lab cut node2
reaches node1 node2
is 1 $? 'cut: nothing reaches it'
is 'cut' "$(lab status | awk '$1 == "node2" { print $NF }')" 'the status says so'
lab heal node2
reaches node1 node2
is 0 $? 'heal'
lab partition node1 node2
reaches node1 node2
is 1 $? 'partition: from the one to the other'
reaches node2 node1
is 1 $? 'and back'
reaches node3 node1
is 0 $? 'not for a third'
lab heal
lab partition node2 node1 one
reaches node1 node2
is 1 $? 'one way: no answer comes'
lab heal
lab loss node2 100
reaches node1 node2
is 1 $? 'loss of all'
lab heal node2
lab rate node2 10mbit
reaches node1 node2
is 0 $? 'rate'
lab heal node2

lab pause node3
is paused "$(lab status | awk '$1 == "node3" { print $NF }')" 'a paused node'
is '' "$(ask node1 node3)" 'does not answer'
lab resume node3
reaches node1 node3
is 0 $? 'resume'

lab fill node1
on node1 sh -c 'echo more >/mnt/more' 2>/dev/null
is '' "$(on node1 cat /mnt/more 2>/dev/null)" 'fill: no room'
lab unfill node1
on node1 sh -c 'echo more >/mnt/more'
is more "$(on node1 cat /mnt/more)" 'unfill: room again'

boot=$(on node1 cat /proc/sys/kernel/random/boot_id)
pid=$(lab init node1)
lab pause node1
lab kill node1
is '' "$(ls -d "/proc/$pid" 2>/dev/null)" 'kill: its processes are gone, though frozen'
reaches node2 node1
is 1 $? 'and it does not answer'
lab boot node1
is there "$(on node1 cat /mnt/file /run/file /tmp/file 2>/dev/null)" \
	'boot: the disk has what it had'
[ "$boot" != "$(on node1 cat /proc/sys/kernel/random/boot_id)" ]
is 0 $? 'another boot'
serve node1
wait_until "$step" reaches node2 node1
is 0 $? 'and it is in the network'

state=$(lab status | awk '{ print $3 }')
lab down
for pid in $state; do
	[ ! -e "/proc/$pid" ] || bad "process $pid is there after down"
done
left=$(ls -d "/run/cairn-lab.$CR_LAB" 2>/dev/null; find /sys/fs/cgroup -name "cairn-lab.$CR_LAB")
is '' "$left" 'down: nothing is left'
finish
