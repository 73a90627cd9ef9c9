#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl top on a terminal: jobs come and go, its keys do what they say, a new size is taken, and the
# terminal is as before however it ends. Without one, --once prints a screen.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v tmux >/dev/null || skip 'no tmux'
unset TMUX
export LC_ALL=C.UTF-8
built "$CR_BIN/crctl"
t() {
	tmux -S "$tmp/tmux" "$@"
}
shows() {
	t capture-pane -p -t 0 | grep -qE -- "$1"
}
lacks() {
	! shows "$1"
}
see() {
	wait_until "$step" shows "$1"
	is 0 $? "$2" || t capture-pane -p -t 0
}
gone_from() {
	wait_until "$step" lacks "$1"
	is 0 $? "$2"
}
jobs=()
for name in alpha beta; do
	crlaunch -n $name -d "$tmp/$name" -- sleep 1000 </dev/null >>out 2>>err &
	jobs+=($!)
	wait_until "$step" crctl status $name >/dev/null 2>&1
	is 0 $? "job $name"
done
crctl top >msg 2>&1 </dev/null
is 100 $? "without a terminal: $(<msg)"
says msg 'once' 'it says what to do'
crctl top --once >once 2>&1
is 0 $? '--once'
says once '^alpha .*running .* 1 .*none yet' 'a job without a checkpoint'
crctl checkpoint alpha >/dev/null 2>&1
crctl top --once >once 2>&1
says once '^alpha .* [0-9.]+[KM] +[0-9]+s +[0-9.]+ ms' 'memory, age and stall'
crctl top --delay 0 >msg 2>&1
is 100 $? "a delay out of range: $(<msg)"
t -f /dev/null new-session -d -x 100 -y 20 "env PS1='ready> ' bash --norc"
t send-keys -t 0 "stty -g >before; crctl top --delay 0.2; echo status-\$?; stty -g >after" Enter
see '^alpha .*running' 'a job on the screen'
see 'by name' 'the order'
t send-keys -t 0 s
see 'by state' 's is the next order'
t send-keys -t 0 h
see 'page up/down' 'help'
t send-keys -t 0 h
see '^beta' 'and back'
t send-keys -t 0 /
t send-keys -t 0 -l bet
gone_from '^alpha' 'a filter'
see '^beta' 'and what it lets pass'
t send-keys -t 0 Escape
see '^alpha' 'escape: all'
t send-keys -t 0 Down
gone_from '^alpha' 'down'
t send-keys -t 0 Up
see '^alpha' 'up'
t resize-window -t 0 -x 60 -y 6
see '^alpha' 'a smaller terminal'
t resize-window -t 0 -x 120 -y 30
see 'LAST ERROR' 'a wider one shows more'
t send-keys -t 0 C-z
see Stopped 'Ctrl-Z gives the terminal back'
t send-keys -t 0 'fg' Enter
see '^alpha' 'and fg goes on'
kill "${jobs[1]}"
gone_from '^beta' 'a job that ends goes'
t send-keys -t 0 q
t send-keys -t 0 'echo end-$?; stty -g >after1' Enter
see 'end-0' 'q ends it'
wait_until "$step" test -s after1
t send-keys -t 0 \
	"clear; sh -c 'echo \$\$ >pid; exec crctl top'; echo status-\$?; stty -g >after2" Enter
see '^alpha .*running' 'again'
kill -TERM "$(<pid)"
see 'status-143' 'SIGTERM ends it'
wait_until "$step" test -s after2
is "$(<before)" "$(<after)" 'the terminal is as before while it is stopped'
is "$(<before)" "$(<after1)" 'and at its end'
is "$(<before)" "$(<after2)" 'also by a signal'
t kill-server
kill "${jobs[@]}" 2>/dev/null
wait 2>/dev/null
finish
