#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crrsh by itself: streams, statuses, signals and errors, and a checkpoint of both of its parts.
# What would be crnode here only starts processes.
set -u
. "$(dirname "$0")/../soak/common.sh"
[ -x /usr/bin/python3 ] || skip 'no python3'
export CR_NODE_SOCKET=$tmp/socket CR_MEMBER=7:0:1:0 HOME=$tmp

me=$(id -un 2>/dev/null) || me=$(id -u)

there() {
	[ -S socket ]
}

"$top/test/cluster/fake-node.py" "$tmp/socket" &
fake=$!
trap 'kill $fake 2>/dev/null' EXIT
wait_until "$step" there || bad 'no fake node'

crrsh node2 'echo out; echo err >&2; exit 7' >out 2>err </dev/null
is 7 $? 'the status of a command'
is out "$(cat out)" 'its output'
is err "$(cat err)" 'its error output'
is 'a b c  d' "$(crrsh -x -l "$me" "$me@node2" -n echo 'a  b' "'c  d'")" \
	'arguments are joined as ssh joins them, and its options are taken'
is "$tmp" "$(crrsh -n node2 pwd)" 'it begins in the home folder'
is '' "$(crrsh -n node2 env | grep -E 'CRRSH|OMPI|CR_')" 'nothing of ours is in its environment'
head -c 20000000 /dev/urandom >big
crrsh node2 cat <big >back
is 0 $? 'a long input comes to its end'
cmp big back
is 0 $? 'and back as it was'
crrsh node2 'kill -9 $$' </dev/null
is 137 $? 'a command that is killed'
crrsh node2 'head -c 1' <big >back
is 0 $? 'a command that does not read its input'
crrsh node2 'yes' </dev/null 2>/dev/null | head -n 1 >back
is y "$(cat back)" 'output that nobody reads any more'

crrsh node2 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done' \
	>out 2>err </dev/null &
pid=$!
wait_until "$step" grep -q ready out
kill $pid
wait $pid
is 3 $? 'a signal is passed on'
says out 'got it' 'to the command'
crrsh node2 'echo $$ >pid.new; mv pid.new pid; exec sleep 1000' >out 2>err </dev/null &
pid=$!
wait_until "$step" test -e pid
kill -9 $pid
wait $pid 2>/dev/null
wait_until "$step" gone "$(cat pid)"
is 0 $? 'a command whose caller is gone is ended'

crrsh nowhere true 2>msg </dev/null
is 101 $? 'an unknown node'
says msg 'node nowhere.*no node' 'is named'
crrsh --timeout 1 silent true 2>msg </dev/null
is 113 $? 'nobody comes'
says msg 'silent.*has not come' 'which is said'
crrsh -l somebody node2 true 2>msg
is 107 $? 'another user'
crrsh node2 2>msg
is 100 $? 'no command'
CR_MEMBER='' crrsh node2 true 2>msg
is 113 $? 'outside a job'
says msg 'no member' 'which is said'
CR_NODE_SOCKET=$tmp/none CR_RUNTIME_DIR=$tmp/run crrsh node2 true 2>msg
is 113 $? 'without a crnode'
says msg 'no crnode answers' 'which is said'
kill $fake

# Both parts, and the connection with its data, in a checkpoint.
cat >count.sh <<'END'
for ((i = 0; i < 300; i++)); do
	echo $i
	read -r n
	[ "$n" = $i ] || exit 1
	sleep 0.01
done
END
cat >job.sh <<'END'
"$1/test/cluster/fake-node.py" inside &
fake=$!
until [ -S inside ]; do sleep 0.05; done
coproc CR_NODE_SOCKET=inside crrsh node2 bash count.sh
pid=$COPROC_PID
while read -r n <&${COPROC[0]}; do
	echo $n >&${COPROC[1]}
	echo $n >turn
done
wait $pid
echo "status $?, the last $n$(cat turn)"
kill $fake
END
later() {
	local n
	n=$(cat turn 2>/dev/null)
	[ "${n:-0}" -gt "$1" ]
}
rm -f out err
launch -n job -d ckpt -- bash job.sh "$top"
wait_until "$step" later 5 || bad "it does not begin: $(cat err)"
for i in 1 2; do
	crctl checkpoint job >/dev/null 2>>err || bad "checkpoint: $(tail -n 1 err)"
	sleep 0.2
	slay
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up
done
wait_until "$step" gone "$shepherd" || slay
is 'status 0, the last 299' "$(cat out)" 'both parts of a call through two restarts'
finish
