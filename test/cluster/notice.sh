#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A cloud says that it takes a machine back (--notice): its jobs leave in the time that is left, the
# quick ones first, and one copy is enough; who cannot be saved is told. The clouds are imitated.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
services=()
trap 'kill "${services[@]}" 2>/dev/null; loopback_down' EXIT

# service CLOUD PORT
service() {
	python3 "$top/test/cluster/metadata.py" "$2" "$1" "$tmp/notice.$1" >"service.$1" 2>&1 &
	services+=($!)
}
asked() {
	grep -q "$2" "service.$1"
}
text_of() {
	events | jq -r --arg k "$1" --arg n "$2" 'select(.kind == $k and .node == $n) | .text' |
		tail -n 1
}
noticed() {
	[ "$(text_of node-notice "$1")" ]
}
alive_at() {
	[ "$(where 0)" = "$1" ] && job_is running checkpointing
}

cluster_up 3
job_start 1 -i 1 --replicas 2
await_checkpoint
ask=node3
at=$((port + 60))
for cloud in aws gcp azure; do
	service $cloud $((++at))
	n=$(where 0)
	node_kill "$n"
	wait_until "$step" gone "$(<"pid/crnode.$n")"
	ask=node3
	[ "$n" != node3 ] || ask=node1
	node_start "$n" --notice $cloud --notice-address "http://127.0.0.1:$at" --notice-poll 0.2
	wait_until "$step" all_up
	case $cloud in
	aws) wait_until "$step" asked aws 'instance-action 404' ;;
	gcp) wait_until "$step" asked gcp 'preempted 200' ;;
	azure) wait_until "$step" asked azure 'scheduledevents.* 200' ;;
	esac
	is 0 $? "$cloud is asked"
	wait_until "$step" alive_at "$n"
	is 0 $? 'without a notice the job stays'
	echo 25 >"notice.$cloud"
	wait_until "$step" noticed "$n"
	is 0 $? "$cloud takes $n back: $(text_of node-notice "$n")"
	text_of node-notice "$n" >text
	says text '^it ends in [0-9.]+ s \(.*\): 1 of 1 jobs can leave in time; job needs ' 'why'
	leaves "$n"
	moves_on "after $cloud"
	node_is "$n" drained || node_is "$n" draining
	is 0 $? "$n is emptied"
	# The machine is gone, and another of that name comes.
	node_kill "$n"
	wait_until "$step" gone "$(<"pid/crnode.$n")"
	node_start "$n"
	wait_until "$step" all_up
done
[ "$(grep -c 'PUT /latest/api/token 200' service.aws)" -ge 2 ] && asked aws ' 401'
is 0 $? 'AWS: a token that is not valid any more is taken anew'

# More than there is time for: what fits goes first, and who may be too late is told.
n=$(where 0) ask=node3
[ "$n" != node3 ] || ask=node1
node_kill "$n"
wait_until "$step" gone "$(<"pid/crnode.$n")"
node_start "$n" --notice file --notice-address "$tmp/notice.file" --notice-poll 0.1
wait_until "$step" all_up
wait_until "$step" alive_at "$n"
ctl run -n large -i 1000000 --node "$n" -- python3 -c '
import time
held = bytearray(b"x" * 300000000)
open("'"$tmp"'/held", "w").close()
while True: time.sleep(1)' >>out 2>>err
held() {
	[ -e held ]
}
wait_until "$step" held
ctl checkpoint large >>out 2>>err
is 0 $? "the large job has a checkpoint: $(tail -n 1 err)"
echo 0.2 >notice.file
by_file() {
	[[ $(text_of node-notice "$n") == *a\ file\ says\ so* ]]
}
wait_until "$step" by_file
text_of node-notice "$n" >text
says text '^it ends in [0-9.]+ s .*: 0 of 2 jobs' "a file: $(<text)"
says text 'large needs [0-9.]+ s and may be too late: it has checkpoint 0' 'with what it has'
leaves "$n"
first() {
	events | jq -r 'select(.kind == "move") | .job' | tail -n "$1" | head -n 1
}
large_moves() {
	[ "$(first 1)" = large ] || [[ $(ctl status large --json | jq -r .state) = ended ]]
}
wait_until "$step" large_moves
is 'job large' "$(first 2) $(first 1)" 'the quick one goes first'
moves_on 'at last'

# Who answers there is not the cloud.
service other $((++at))
listens() {
	(exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null
}
wait_until "$step" listens
for cloud in gcp aws; do
	"$CR_BIN/crnode" -c "$CR_COORDINATOR" -n strange -s strange --key key --socket s.sock \
		--notice $cloud --notice-address "http://127.0.0.1:$at" --notice-poll 0.1 \
		2>"strange.$cloud" &
	pid=$!
	told() {
		grep -q -e '--notice: http' "strange.$cloud"
	}
	wait_until "$step" told
	kill $pid
	wait $pid
done
says strange.gcp "preempted: the answer is not Google's" 'an answer of somebody else is none'
says strange.aws 'token: (Maximum file size|Failed writing)' 'one without end is not read'
is 1 "$(grep -c -e '--notice: http' strange.gcp)" 'that is said once'
"$CR_BIN/crnode" -c a -s s --key key --notice file 2>msg
is 100 $? 'a file without its name is refused'
says msg '--notice-address' 'with what is missing'
ctl kill large >>out 2>>err
job_end
finish
