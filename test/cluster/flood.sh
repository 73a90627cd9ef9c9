#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One user floods a daemon in every way that he can: the leases of all others hold, their requests
# are answered, and whoever has too much is told which limit that is.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
# As few descriptors as many systems give.
ulimit -n 1024
coordinator_options=(--http "127.0.0.1:$((port + 50))")
cluster_up 2
socket=$tmp/node1/socket
chmod 755 node1
job_start 2 -i 1
await_checkpoint
as=()
# What another user may execute.
python=$(PATH=/usr/bin:/bin command -v python3) || skip 'there is no python3'
[ "$(id -u)" != 0 ] || as=(setpriv --reuid "${CR_TEST_UID:-65534}" --regid "${CR_TEST_UID:-65534}" \
	--clear-groups)
cp "$top/test/cluster/flood.py" flood.py
chmod 644 flood.py

# Who has the token is heard beside those who have not, and they hold few descriptors.
looks_on() {
	local open code
	open=$(on head ls "/proc/$(<pid/crcoordinator)/fd" | wc -l)
	[ "$open" -lt 300 ]
	is 0 $? "$1: the coordinator has $open descriptors open"
	command -v curl >/dev/null || return
	# Several, as each may come at another moment of the flood's.
	code=$(seq 8 | xargs -P 8 -I{} curl -s -m 30 -o /dev/null -w '%{http_code}\n' \
		-H "Authorization: Bearer $(<state/http.token)" \
		"http://127.0.0.1:$((port + 50))/v1/jobs?n={}" | sort | uniq -c | tr -s ' ')
	is ' 8 200' "$code" "$1: all who have the token are answered"
}

# flood MODE TARGET N: two of them, while the others work.
flood() {
	local pids=() i
	for i in 1 2; do
		"${as[@]}" "$python" "$tmp/flood.py" "$@" >"flood.$i" 2>&1 &
		pids+=($!)
	done
	for i in 1 2; do
		wait_until "$step" grep -q ready "flood.$i"
		is 0 $? "$1: the flood runs: $(tail -n 1 "flood.$i")"
	done
	if [ ${#as[@]} != 0 ] || [ "$1" = tls ] || [ "$1" = http ]; then
		ctl status job >/dev/null 2>msg
		is 0 $? "$1: others are answered: $(tail -n 1 msg)"
		ctl checkpoint job >/dev/null 2>msg
		is 0 $? "$1: others' checkpoints go on: $(tail -n 1 msg)"
	fi
	if [ "$1" = sockets ]; then
		CR_NODE_SOCKET=$socket "${as[@]}" timeout 20 "$CR_BIN/crctl" --coordinator x \
			list >msg 2>&1
		is 113 $? 'who has too many connections gets no more'
		says msg 'user-connections' "and is told: $(tail -n 1 msg)"
	fi
	[ "$1" != http ] && [ "$1" != drip ] || looks_on "$1"
	sleep 1.5
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	sleep .5
	moves_on "after $1"
	! happened node-lost && ! happened node-silent && ! happened member-failed
	is 0 $? "$1: no lease was lost"
}

flood sockets "$socket" 3000
flood frames "$socket" 300
flood slow "$socket" 300
flood watch "$socket" 300
flood tls "$CR_COORDINATOR" 900
# Where node2 takes images, and where others ask it while the coordinator is away.
if command -v ss >/dev/null; then
	for p in $(ss -Hltnp | awk -v of="pid=$(<pid/crnode.node2)," '
		index($0, of) { sub(/.*:/, "", $4); print $4 }' | sort -u); do
		flood tls "127.0.0.1:$p" 900
	done
fi
flood http "127.0.0.1:$((port + 50))" 900
flood drip "127.0.0.1:$((port + 50))" 900
is 0 "$(job restarts)" 'and the job was never restarted'
job_end
finish
