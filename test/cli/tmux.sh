#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C and Ctrl-Z on a terminal, after launch and after restart.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v tmux >/dev/null || skip 'no tmux'
unset TMUX
t() {
	tmux -S "$tmp/tmux" "$@"
}

screen() {
	t capture-pane -p -t 0
}

shows() {
	screen | grep -q -- "$1"
}

# Every process of the job is stopped, by signal or by a frozen group.
stopped() {
	local pid
	for pid in $pids; do
		grep -qE '^State:[[:space:]]+(T|t)' "/proc/$pid/status" || return 1
	done
}

moving() {
	! stopped
}

# One life on the terminal: Ctrl-Z, fg, Ctrl-C.
life() {
	wait_until "$step" crctl status job >/dev/null 2>&1 || { bad "$1: no job"; return; }
	pids=$(crctl status --json job | host_pids)
	t send-keys -t 0 C-z
	wait_until "$step" shows Stopped
	is 0 $? "$1: the shell reports it stopped"
	wait_until "$step" stopped
	is 0 $? "$1: the job is stopped"
	t send-keys -t 0 'clear; fg' Enter
	wait_until "$step" moving
	is 0 $? "$1: fg continues it"
	t send-keys -t 0 C-c
	wait_until "$step" gone "$(head -n 1 <<<"$pids")"
	is 0 $? "$1: Ctrl-C ends it"
	t send-keys -t 0 'echo status-$?' Enter
	wait_until "$step" shows status-130
	is 0 $? "$1: status 130"
	t send-keys -t 0 clear Enter
}

mkdir work
t -f /dev/null new-session -d -x 150 -y 40 'env PS1="$ " bash --norc --noprofile -i' ||
	skip 'tmux does not start'
t send-keys -t 0 "crlaunch -n job -d ckpt -- $CR_PROGS/counter work" Enter
wait_until "$step" test -e work/ready
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint on a terminal'
life 'after launch'
rm -f work/result
t send-keys -t 0 'crrestart ckpt/job' Enter
life 'after restart'
t kill-server
finish
