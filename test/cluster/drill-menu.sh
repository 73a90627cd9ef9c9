#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl drill --interactive on a terminal: a node, a fault and a time are chosen, wrong answers
# asked again, and what happens is shown until the drill is over; else it is refused.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v tmux >/dev/null || skip 'tmux is not there'
node_options=(--allow-drills)
cluster_up 1
ctl drill --interactive >msg 2>&1 </dev/null
is 100 $? "without a terminal: $(tail -n 1 msg)"
says msg 'for a terminal' 'by name'

screen() { tmux -S "$tmp/tmux" capture-pane -p -S - 2>/dev/null; }
shows() { screen | grep -qE -e "$1"; }
# asks PATTERN ANSWER: the question is there, and is answered.
asks() {
	wait_until "$step" shows "$1"
	is 0 $? "it shows: $1" || screen
	tmux -S "$tmp/tmux" send-keys "$2" Enter
}
CR_NODE_SOCKET=$tmp/node1/socket tmux -S "$tmp/tmux" -f /dev/null new-session -d -x 100 -y 50 \
	"$CR_BIN/crctl drill --interactive; echo status \$?; sleep 1000"
asks 'node \(number' 7
asks "'7' is none of them" node1
asks 'fault \(number' flood
asks "'flood' is none of them" 1
asks 'for how long' 1h
asks 'at most 10m' 2s
wait_until "$step" shows 'drill-end.*cpu: all is undone'
is 0 $? 'what happens is shown, until it is over'
shows 'cpu for 2.0 s: [0-9]+ CPUs are kept busy'
is 0 $? 'with its numbers'
wait_until "$step" eval '[ "$(screen | grep -c "^nodes that allow")" = 2 ]'
is 0 $? 'then the menu is there again'
tmux -S "$tmp/tmux" send-keys q Enter
wait_until "$step" shows 'status 0'
is 0 $? 'and q ends it'
tmux -S "$tmp/tmux" kill-server
finish
