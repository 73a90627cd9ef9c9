#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The coordinator's HTTP: nothing without the token, jobs, nodes, events and metrics with it; no
# address that others could reach.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v curl >/dev/null || skip 'curl is not there'
coordinator_options=(--http "127.0.0.1:$((port + 50))")
cluster_up 1
job_start 1 -i 1
await_checkpoint
url=http://127.0.0.1:$((port + 50))
get() {
	curl -s -m 20 -H "Authorization: Bearer $(<"$tmp/state/http.token")" "$url$1"
}
code() {
	curl -s -m 20 -o /dev/null -w '%{http_code}' "$@"
}
is 600 "$(stat -c %a state/http.token)" 'the token is for its user only'
is 401 "$(code "$url/v1/jobs")" 'without the token'
is 401 "$(code -H 'Authorization: Bearer x' "$url/metrics")" 'with another one'
is 401 "$(code "$url/nothing")" 'also what is not there'
token="Authorization: Bearer $(<state/http.token)"
is 404 "$(code -H "$token" "$url/nothing")" 'with the token, what is not there'
is 405 "$(code -H "$token" -X POST "$url/v1/jobs" | sed 's/501/405/')" 'nothing can be changed'
is 413 "$(code -H "$token" -H 'Content-Length: 9' "$url/v1/jobs")" 'no body is taken'
long=$(printf %9000s | tr ' ' y)
is 431 "$(code -H "$token" -H "x: $long" "$url/v1/jobs")" 'nor are long headers'
is 200 "$(code -I -H "$token" "$url/v1/jobs")" 'HEAD is answered'
is 400 "$(printf 'nonsense\r\n\r\n' | timeout 20 curl -s -m 10 "telnet://${url#http://}" |
	head -n 1 | cut -d' ' -f2)" 'nonsense is refused'
is 'job running 1' "$(get /v1/jobs | jq -r '.jobs[] | "\(.name) \(.state) \(.members)"' |
	sed s/checkpointing/running/)" 'the job'
is 'node1 up' "$(get /v1/nodes | jq -r '.nodes[] | "\(.name) \(.state)"')" 'the node'
last=$(get /v1/events | jq '.events[-1].id')
[ "$last" -gt 2 ] 2>/dev/null
is 0 $? "events, the last of them $last"
[ "$(get "/v1/events?since=$((last - 1))" | jq '.events[0].id')" = "$last" ]
is 0 $? 'and those behind one'
# One schema: what crctl prints has the same fields, those of a member of an event aside.
fields() {
	jq -c "$1 | del(.member?) | [paths(scalars)] | map(map(strings) | join(\".\")) | unique"
}
is "$(ctl list --json 2>>err | fields '.[0]')" "$(get /v1/jobs | fields '.jobs[0]')" \
	'fields of a job'
# What a node could not measure in a second is not in its row.
same_of_nodes() {
	[ "$(ctl nodes --json 2>>err | fields '.[0]')" = "$(get /v1/nodes | fields '.nodes[0]')" ]
}
wait_until "$step" same_of_nodes
is 0 $? 'fields of a node'
is "$(ctl events --json 2>>err | head -n 1 | fields .)" \
	"$(get /v1/events | fields '.events[0]')" \
	'fields of an event'
is 'true true number string' "$(get /v1/jobs | jq -r '.jobs[0] | [.job == .name,
	(.stall_ms - .stall_ns / 1e6 | fabs) < 0.001,
	(.committed_at | type), (.policy.on_failure | type)] | join(" ")')" 'by both names'
is 'string true' "$(ctl list --json 2>>err | reads '.[0] | [(.committed_at | type),
	.committed_ms > 0] | join(" ")')" 'instants as crctl has them'
get /metrics >metrics
says metrics '^cairn_nodes{state="up"} 1$' 'metrics of nodes'
says metrics '^cairn_job_committed_timestamp_seconds{.*job="job"}' 'metrics of the job'
job_end
"$CR_BIN/crcoordinator" --listen 127.0.0.1:0 --state other --key key --http 0.0.0.0:1 \
	>msg 2>&1 </dev/null
is 100 $? 'an address that others reach'
says msg 'loopback' "is refused: $(tail -n 1 msg)"
finish
