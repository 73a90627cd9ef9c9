#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job begun on a terminal, where its three standard descriptors were one, takes crrestart's: each
# its own, whatever they are now, with and without a terminal.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v script >/dev/null || skip 'no script'
cat >job.sh <<-'END'
	echo up-out; echo up-err >&2
	: >up
	until [ -e go ]; do sleep 0.05; done
	echo said-out; echo said-err >&2
	(echo child-out; echo child-err >&2)
	read -r line || line=nothing
	echo "read-$line"
	exit 7
END
script -qec 'crlaunch -n job -d ckpt -- sh job.sh' typescript </dev/null >/dev/null 2>&1 &
terminal=$!
wait_until "$step" test -e up
crctl checkpoint job >/dev/null 2>err || { bad "checkpoint: $(cat err)"; finish; }
crctl kill job
wait $terminal
echo answer >in

# again HOW COMMAND…: one restart in which the job goes on to its end.
again() {
	how=$1
	shift
	rm -f log errors typescript status go
	("$@"; echo $? >status) &
	wait_until "$step" eval 'crctl status job >/dev/null 2>&1 || test -e status'
	: >go
	wait_until "$step" test -e status || crctl kill job
	wait
	is 7 "$(cat status)" "$how: exit status"
}

holds() {
	tr -d '\r' <"$1" | grep -qx "$2"
	is 0 $? "$how: $2 in $1"
}

on_terminal() {
	script -qec "$1" typescript </dev/null >/dev/null 2>&1
}

for from in sh on_terminal; do
	run=("$from")
	[ $from = on_terminal ] || run=(setsid -w sh -c)
	again "one log, $from" "${run[@]}" 'crrestart ckpt/job >log 2>&1 </dev/null'
	for said in said-out said-err child-out child-err read-nothing; do
		holds log $said
	done
	again "three files, $from" "${run[@]}" 'crrestart ckpt/job >log 2>errors <in'
	holds log said-out
	holds log child-out
	holds log read-answer
	holds errors said-err
	holds errors child-err
	again "a pipe, $from" "${run[@]}" \
		'{ crrestart ckpt/job 2>errors <in; echo $? >rc; } | cat >log; exit $(cat rc)'
	holds log said-out
	holds errors said-err
	again "nohup, $from" "${run[@]}" 'nohup crrestart ckpt/job >log 2>&1 <in'
	holds log said-out
	holds log said-err
	holds log read-answer
done
again 'the terminal' on_terminal 'crrestart ckpt/job <in'
holds typescript said-out
holds typescript child-err
finish
