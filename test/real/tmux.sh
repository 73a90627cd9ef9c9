#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A tmux server with three panes: vim with unsaved text, a shell with a job stopped by ^Z, and a
# pager. The screens stay as they are, and everything can be used afterwards.
# options: more=120
set -u
work=$1
for p in tmux vim less; do
	command -v $p >/dev/null || { echo "skip: no $p" >&2; exit 77; }
done
cd "$work" || exit 1
export HOME=$work TERM=xterm LC_ALL=C.UTF-8
unset TMUX

t() {
	tmux -S "$work/socket" -f /dev/null "$@"
}

screen() {
	t capture-pane -p -t "$1"
}

fail() {
	{
		echo "FAIL: $*"
		for p in 0 1 2; do screen $p; done
	} >"$work/result.new" 2>&1
	mv "$work/result.new" "$work/result"
	t kill-server
	exit 1
}

# shows PANE TEXT: within a minute.
shows() {
	local i
	for ((i = 0; i < 600; i++)); do
		screen "$1" | grep -qF -- "$2" && return
		sleep 0.1
	done
	fail "pane $1 does not show '$2'"
}

is_file() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ "$(cat "$1" 2>/dev/null)" = "$2" ] && return
		sleep 0.1
	done
	fail "$1 is '$(cat "$1")' instead of '$2'"
}

seq 1 1000 >numbers
t new-session -d -x 120 -y 40 'vim -u NONE -n text' ||
	{ echo 'skip: tmux does not start' >&2; exit 77; }
t split-window -t 0 'env PS1="bash> " bash --norc --noprofile -i'
t split-window -h -t 1 'less numbers'
t send-keys -t 0 'ihello from vim' Escape
shows 0 'hello from vim'
shows 1 'bash>'
t send-keys -t 1 'sleep 1000' Enter
sleep 0.5
t send-keys -t 1 C-z
shows 1 Stopped
t send-keys -t 1 'sleep 2000 &' Enter
shows 1 '[2]'
t send-keys -t 2 '500g'
shows 2 500
for p in 0 1 2; do screen $p >"screen.$p"; done
touch ready
while [ ! -e verify ]; do
	for p in 0 1 2; do
		screen $p | cmp -s - "screen.$p" || fail "pane $p has changed"
	done
	sleep 0.2
done
t send-keys -t 0 'A, still here' Escape ':w' Enter
is_file text 'hello from vim, still here'
t send-keys -t 1 'clear; jobs' Enter
shows 1 'Stopped'
shows 1 'Running'
t send-keys -t 1 'clear; fg %1' Enter
shows 1 'sleep 1000'
t send-keys -t 1 C-c
t send-keys -t 1 'echo status-$?' Enter
shows 1 status-130
t send-keys -t 1 'kill %2; clear; tty; stty size' Enter
shows 1 /dev/pts/
t send-keys -t 2 'G'
shows 2 1000
t resize-window -t 0 -x 100 -y 30
t send-keys -t 0 ':set columns?' Enter
shows 0 'columns=100'
t kill-server
echo PASS >result.new
mv result.new result
