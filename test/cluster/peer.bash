# SPDX-License-Identifier: Apache-2.0
# crnode with the coordinator of the tests, test/cluster/peer: what it got is in peer.out.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../soak/common.sh"
built "$CR_BIN/test/cluster/peer"
chmod 711 "$tmp"
unset CR_COORDINATOR CR_KEY CR_STORE CR_NODE_SOCKET
mkfifo orders
exec 3<>orders

# peer_up [PORT]
peer_up() {
	"$CR_BIN/test/cluster/peer" "127.0.0.1:${1:-0}" key <orders >>peer.out 2>&1 3>&- &
	peer=$!
	wait_until "$step" grep -q '^port' peer.out || bad "no coordinator: $(tail -n 1 peer.out)"
	port=$(sed -n 's/^port //p' peer.out | tail -n 1)
}

# node_up [OPTION…]: ready when the coordinator has accepted it.
node_up() {
	rm -f ready
	mkfifo ready
	crnode -c "127.0.0.1:$port" -n n1 -s store --key key --socket "$tmp/socket" --ready-fd 9 \
		"$@" 9<>ready 3>&- >>node.out 2>&1 &
	node=$!
	read -r -t "$step" <>ready || bad "the node is not ready: $(tail -n 1 node.out)"
}

tell() {
	echo "$@" >&3
}

got() {
	[ "$(grep -cE -e "$2" peer.out)" -ge "$1" ]
}

# expect PATTERN WHAT [TIMES]: the coordinator has got it.
expect() {
	if wait_until "$step" got "${3:-1}" "$1"; then
		good "$2"
	else
		bad "$2: no '$1' in $(tail -n 3 peer.out)"
	fi
}

# A member whose program is a sleep of so many seconds: its only mark.
running() {
	pgrep -fx "sleep $1" >/dev/null
}

ended() {
	! running "$1"
}

# start JOB MEMBER EPOCH SECONDS
start() {
	tell "start $1 $2 $3 $(id -u) 0 sleep $4"
	wait_until "$step" running "$4" || bad "member $2 of job $1 does not run: $(tail -n 1 node.out)"
}

peer_finish() {
	kill "$node" "$peer" 2>/dev/null
	wait_until 5 gone "$node" || kill -9 "$node" 2>/dev/null
	exec 3>&-
	finish
}
