#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prometheus takes /metrics, with names and types by its rules, the scrape config and the alerts;
# the alerts come when they should; the alerts and Grafana's dashboard name only metrics that there
# are; and a job that cannot be copied shows as unprotected.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v promtool >/dev/null || skip 'promtool is not there (Debian: prometheus)'
command -v prometheus >/dev/null || skip 'prometheus is not there'
contrib=$top/contrib
coordinator_options=(--http "127.0.0.1:$((port + 50))")
promtool check rules "$contrib/prometheus/cairn.rules.yml" >msg 2>&1
is 0 $? "the alerts are in order: $(tail -n 2 msg)"
promtool test rules "$contrib/prometheus/cairn.rules.test.yml" >msg 2>&1
is 0 $? "and come when they should: $(tail -n 5 msg)"
promtool check config --syntax-only "$contrib/prometheus/prometheus.yml" >msg 2>&1
is 0 $? "the scrape config: $(tail -n 2 msg)"
cluster_up 2
job_start 1 -i 1
await_checkpoint
url=http://127.0.0.1:$((port + 50))
scrape() {
	curl -s -m 20 -H "Authorization: Bearer $(<state/http.token)" "$url/metrics" >metrics
}
has() {
	scrape
	grep -q "$1" metrics
}
wait_until "$step" has '^cairn_job_checkpoint_stall_seconds_count{id="1",job="job"} [1-9]'
is 0 $? 'the histogram of the job'
wait_until "$step" has '^cairn_node_memory_available_bytes{node="node2"} [1-9]'
is 0 $? 'the memory of a node'
promtool check metrics <metrics >msg 2>&1
is 0 $? "promtool has nothing against the metrics: $(head -n 3 msg)"
is '' "$(awk '/^# TYPE/ { if (seen[$3]++) print $3; name = $3; next }
	/^#/ { next }
	{ metric = $1; sub(/\{.*/, "", metric)
	  if (metric != name && metric !~ "^" name "_(bucket|sum|count)$") print metric }' \
	metrics)" \
	'samples stand behind the type of theirs'
# What is there, and what is named.
awk '/^# TYPE/ { print $3; if ($4 == "histogram") print $3 "_bucket\n" $3 "_sum\n" $3 "_count" }' \
	metrics | sort -u >there
grep -o 'cairn_[a-z_]*' "$contrib/prometheus/cairn.rules.yml" | sort -u >named
[ -s named ]
is "0 " "$? $(comm -23 named there)" 'the alerts name metrics that there are'
jq -r '.. | objects | .expr? // .query?.query? // empty | strings' "$contrib/grafana/cairn.json" |
	grep -o 'cairn_[a-z_]*' | sort -u >named
[ "$(wc -l <named)" -gt 15 ]
is "0 " "$? $(comm -23 named there)" 'so does the dashboard'
# The real one, with what contrib has.
sed -e "s|/etc/prometheus/cairn.token|$tmp/state/http.token|" \
	-e "s|127.0.0.1:7118|${url#http://}|" -e 's/15s/1s/' \
	"$contrib/prometheus/prometheus.yml" >prometheus.yml
cp "$contrib/prometheus/cairn.rules.yml" .
prometheus --config.file prometheus.yml --storage.tsdb.path prom \
	--web.listen-address "127.0.0.1:$((port + 51))" >prometheus.log 2>&1 &
prom=$!
asked() {
	curl -s -m 20 "http://127.0.0.1:$((port + 51))/api/v1/$1" --data-urlencode "$2" -G
}
knows() {
	[ "$(asked query "query=$1" | jq -r '.data.result[0].value[1]')" = "$2" ]
}
wait_until "$step" knows 'up{job="cairn"}' 1
is 0 $? "a Prometheus scrapes it: $(tail -n 1 prometheus.log)"
wait_until "$step" knows 'count(cairn_node_up == 1)' 2
is 0 $? 'and knows both nodes'
took='histogram_quantile(0.5, cairn_job_checkpoint_duration_seconds_bucket) > bool 0'
wait_until "$step" knows "$took" 1
is 0 $? 'and how long checkpoints take'
# With one node less there are no copies.
node_kill node2
protected() {
	ctl list --json 2>>err | jq -e ".[0].unprotected == $1" >/dev/null
}
wait_until "$step" node_is node2 lost
wait_until "$step" protected true
is 0 $? "the job is unprotected: $(ctl list | tail -n 1)"
says <(ctl status job) '^unprotected no replica' 'crctl status says why'
happened unprotected '.job == "job" and (.text | test("no replica"))'
is 0 $? 'and an event'
wait_until "$step" has '^cairn_job_unprotected{id="1",job="job"} 1'
is 0 $? 'and the metrics'
alerting() {
	asked alerts x=y | jq -e '[.data.alerts[].labels.alertname] |
		index("CairnJobUnprotected") and index("CairnNodeLost")' >/dev/null
}
wait_until "$step" alerting
is 0 $? 'the alerts are pending or firing'
node_start node2
wait_until "$step" protected false
is 0 $? 'it is protected again'
kill "$prom"
wait "$prom" 2>/dev/null
job_end
loopback_down
finish
