#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node whose coordinator's name nobody can look up yet, as at boot: it waits, and comes up when
# the name is known. A name that there is none of is refused at once.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 1
# In a network of its own nobody answers for names; the file of hosts is asked first.
echo '127.0.0.1 localhost' >hosts
told() { grep -q 'no server of names answers' log/later; }
if [ "$(id -u)" = 0 ]; then
	echo 'nameserver 127.0.0.1' >resolv
	unshare -n -m sh -c 'mount --bind hosts /etc/hosts &&
		mount --bind resolv /etc/resolv.conf && exec "$@"' x \
		"$CR_BIN/crnode" --coordinator "coordinator:$port" --name later \
		--address 127.0.0.1 --store "$tmp/later" --key "$tmp/key" \
		--socket "$tmp/later.sock" >log/later 2>&1 &
	pid=$!
	wait_until "$step" told
	is 0 $? "it says so: $(tail -n 1 log/later)"
	echo '127.0.0.1 coordinator' >>hosts
	wait_until "$step" grep -q 'coordinator: 127.0.0.1' log/later
	is 0 $? "then it asks the coordinator: $(tail -n 1 log/later)"
	kill "$pid"
	wait "$pid"
fi
"$CR_BIN/crnode" --coordinator 'no such host' --name never --store "$tmp/never" --key "$tmp/key" \
	>msg 2>&1
is 100 $? "a name that cannot be one: $(tail -n 1 msg)"
finish
