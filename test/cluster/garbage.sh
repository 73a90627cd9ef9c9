#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Strangers at the ports of a cluster: floods of garbage, those who send a byte a second, handshakes
# left half done, old and new versions, noise from one who has the key. A job goes on all the
# while, its node stays up, and new ones come through.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 2 -i 1
await_checkpoint
key=$(<key)
coordinator=$(<pid/crcoordinator) node=$(<pid/crnode.node1)

fds() {
	ls "/proc/$1/fd" | wc -l
}

rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# All ports at which the two daemons listen.
ports() {
	ss -Hltnp | awk -v a="pid=$coordinator," -v b="pid=$node," 'index($0, a) || index($0, b) {
		sub(/.*:/, "", $4); print $4 }' | sort -u
}

checks_service() {
	is 0 "$(kill -0 "$coordinator" "$node" 2>&1 | wc -l)" "$1: both daemons live"
	wait_until "$step" all_up
	is 0 $? "$1: both nodes are up"
	is 0 "$(job restarts)" "$1: the job has not noticed"
	moves_on "$1"
}

before=$(fds "$coordinator") before_node=$(fds "$node")
for p in $(ports); do
	/usr/bin/python3 - "$p" <<-'END' &
		import random, socket, ssl, sys, time
		random.seed(int(sys.argv[1]))
		held = []

		def connect():
		    s = socket.socket()
		    s.settimeout(10)
		    s.connect(("127.0.0.1", int(sys.argv[1])))
		    return s

		# The first words of TLS, and then nothing.
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
		context.check_hostname = False
		context.verify_mode = ssl.CERT_NONE
		wire = ssl.MemoryBIO()
		tls = context.wrap_bio(ssl.MemoryBIO(), wire)
		try:
		    tls.do_handshake()
		except ssl.SSLWantReadError:
		    pass
		hello = wire.read()
		slow = []
		begin = time.time()
		for i in range(10000):
		    try:
		        s = connect()
		        if i % 25 == 0:
		            slow.append(s)
		            continue
		        s.send(random.choice([hello, hello[:100], random.randbytes(300), b"\0" * 64,
		                              b"GET / HTTP/1.1\r\n\r\n", b"CAIRN\1\r\n\0\0\0\0"]))
		        if i % 20 == 0 and len(held) < 400:
		            held.append(s)
		        else:
		            s.close()
		    except OSError:
		        pass
		# Slow loris: a byte at a time.
		at = 0
		while slow and time.time() - begin < 60:
		    for s in slow[:]:
		        try:
		            s.send(hello[at % len(hello):][:1])
		        except OSError:
		            slow.remove(s)
		    at += 1
		    time.sleep(0.3)
		sys.exit(len(slow) > 0)
	END
	pids+=($!)
done
is 2 $((${#pids[@]} >= 2 ? 2 : ${#pids[@]})) "ports of a coordinator and of a node: ${#pids[@]}"
most=0
while [ -n "$(jobs -r)" ]; do
	n=$(fds "$coordinator")
	[ "$n" -le $most ] || most=$n
	sleep 0.2
done
for p in "${pids[@]}"; do
	wait "$p"
	is 0 $? 'those who send a byte at a time are cut off'
done
is '' "$([ $most -lt 1000 ] || echo $most)" "the coordinator has had few descriptors at once: $most"
checks_service 'after the flood'
wait_until "$step" [ "$(fds "$coordinator")" -le $((before + 8)) ]
is 0 $? 'the descriptors of strangers are closed'
[ "$(rss "$coordinator")" -lt 200000 ]
is 0 $? "the coordinator has stayed small: $(rss "$coordinator") KiB"
[ "$(grep -c refused log/crcoordinator)" -lt 100 ]
is 0 $? 'and its log too'

# From here on with the key: TLS is there, what comes in it is wrong.
with_key() {
	(printf "$1"; sleep 3) | timeout 20 openssl s_client -quiet -tls1_3 -psk "$key" \
		-psk_identity cairn -connect "$CR_COORDINATOR" >answer 2>/dev/null
}
sleep 11 # a line in ten seconds is told
with_key 'CAIRN\002\r\n'
says log/crcoordinator 'version 2' "another version of links: $(grep 'version 2' log/crcoordinator)"
with_key 'CAIRN\001\r\nGET / HTTP/1.1\r\n\r\n'
with_key 'CAIRN\001\r\n\004\0\0\0\0\0\0\0\377\377\377\377'
with_key 'CAIRN\001\r\n\0\0\0\0\0\0\0\0'
checks_service 'after noise from one with the key'
await_checkpoint
job_end
is 0 $((before_node == 0)) 'it was looked at'
finish
