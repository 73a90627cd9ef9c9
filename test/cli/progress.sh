#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What takes long shows on a terminal what it is at, and leaves nothing of that line; what is quick,
# and what has no terminal, shows nothing.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v script >/dev/null || skip 'no script'
# on_terminal FILE COMMAND: what the command wrote to its terminal.
on_terminal() {
	TERM=xterm script -qec "$2" /dev/null >"$1" </dev/null
}

# What a terminal shows that was sent the file: each line as it was left.
left() {
	sed 's/\r$//; s/.*\r\x1b\[K//' "$1"
}

launch -n job -d ckpt -- sh -c 'x=$(head -c 30000000 /dev/urandom | base64); : >ready
	sleep 1000 & wait'
await_up
wait_until "$step" test -e ready

writers() {
	local pid
	for pid in $(pgrep -x cairn-writer); do
		grep -qs "$CR_RUNTIME_DIR" "/proc/$pid/environ" && echo "$pid"
	done
}

# caught: a checkpoint on a terminal whose writer is stopped by hand, until the line has been seen.
caught() {
	local pid
	for _ in $(seq 20); do
		on_terminal shown 'crctl checkpoint job' &
		asked=$!
		until gone $asked; do
			pid=$(writers | head -n 1)
			[ "$pid" ] && kill -STOP "$pid" 2>/dev/null || continue
			wait_until 3 grep -q 'job: ' shown
			kill -CONT "$pid" 2>/dev/null
		done
		wait $asked || return 1
		grep -q 'job: ' shown && return 0
	done
	return 1
}
caught
is 0 $? 'a slow checkpoint'
says shown 'job: [a-z]+, [0-9]+ s' 'a slow checkpoint shows what it is at'
is 0 "$(left shown | grep -c 'job: ')" 'and nothing is left of it'
is 1 "$(left shown | grep -c '/ckpt/job/0')" 'but its outcome'

crctl checkpoint job >>out 2>piped
is 0 $? 'a checkpoint without a terminal'
is '' "$(cat piped)" 'says nothing'
crctl kill job

# As many copies as take long on any machine.
mkdir -p all
one=$(find "$PWD/ckpt/job" -mindepth 1 -maxdepth 1 -type d -name "0*" | head -n 1)
for n in 1 2 3 4 5; do
	for k in $(seq $((50 << n))); do
		[ -d "all/$k" ] || cp -al "$one" "all/$k"
	done
	on_terminal shown 'crimage verify --all --json all >verified'
	is 0 $? "$((50 << n)) checkpoints are verified"
	grep -q 'MiB/s' shown && break
done
says shown ': [0-9]+ MiB, [0-9]+ MiB/s, [0-9]+ s' 'which shows how much, how fast, how long'
is 0 "$(left shown | grep -c 'MiB/s')" 'and nothing is left of it'
crimage verify --all --json all >verified 2>piped
is '' "$(cat piped)" 'without a terminal nothing is said'
finish
