#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 1,000 nodes and 10,000 jobs, which only the database knows: all of them are told over HTTP, in
# parts, so that who asks beside is answered at once, and one who reads slowly costs no memory.
set -u
. "$(dirname "$0")/../soak/common.sh"
command -v sqlite3 >/dev/null || skip 'sqlite3 is not there'
port=$((12000 + $$ % 20000))
"$CR_BIN/crcoordinator" --init key
start() {
	"$CR_BIN/crcoordinator" --listen 127.0.0.1:0 --state state --key key --lease 600 \
		--http "127.0.0.1:$port" >>log 2>&1 </dev/null &
	coordinator=$!
}
url=http://127.0.0.1:$port
answers() {
	curl -s -m 5 -o /dev/null "$url/health"
}
end() {
	kill "$coordinator"
	wait "$coordinator"
}
trap 'kill $coordinator 2>/dev/null' EXIT
start
wait_until "$step" answers
is 0 $? 'the coordinator answers'
end
sqlite3 state/cluster.db "
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO nodes(name, boot_id, store_id, draining, address, back_ms)
	SELECT 'node' || i, 'boot', i, 0, '10.0.0.' || i, 0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO jobs(id, name, uid, gid, command, state, after, why, last_error, epoch, courses, number,
	restarts, tries, began_at, status, stall_ns, wall_ns, policy)
	SELECT i, 'job-' || i, 1000, 1000, './simulate --number ' || i, 1, 0, '', '', 1, 0, 0, 0, 0,
	1, 0, 0, 0, x'' FROM n;
INSERT INTO members(job, member, node, epoch, life, added, status)
	SELECT id, 0, 'node' || (id % 1000 + 1), 1, 2, 0, 0 FROM jobs;
INSERT INTO checkpoints(job, number, state, purpose, at, members)
	SELECT id, 1, 2, 1, 1, x'00000000' FROM jobs;" >msg 2>&1
is 0 $? "the database: $(<msg)"
start
wait_until "$step" answers
is 0 $? 'and is there again'
get() {
	curl -s -m 100 -H "Authorization: Bearer $(<state/http.token)" "$url$1"
}
timed() {
	curl -s -m 100 -o "$2" -w '%{time_total} s, %{size_download} bytes' \
		-H "Authorization: Bearer $(<state/http.token)" "$url$1"
}
good "/v1/jobs: $(timed /v1/jobs jobs)"
good "/v1/nodes: $(timed /v1/nodes nodes)"
good "/metrics: $(timed /metrics metrics)"
is 10000 "$(jq '.jobs | length' jobs)" 'all jobs'
is 1000 "$(jq '.nodes | length' nodes)" 'all nodes'
is 10000 "$(grep -c '^cairn_job_unprotected{' metrics)" 'each job in the metrics'
is 1000 "$(grep -c '^cairn_node_up{' metrics)" 'and each node'
# While they are told again and again, who asks beside is answered in the meantime.
for ((i = 0; i < 4; i++)); do
	(for ((k = 0; k < 4; k++)); do get /metrics >/dev/null; get /v1/jobs >/dev/null; done) &
done
for ((i = 0; i < 100; i++)); do
	curl -s -m 20 -o /dev/null -w '%{time_total}\n' "$url/health"
done | sort -n >times
is 100 "$(wc -l <times)" "beside it /health takes $(sed -n 50p times) s, at most $(tail -n 1 times)"
for job in $(jobs -p); do
	[ "$job" = "$coordinator" ] || wait "$job"
done
# One after another begins, and reads no more than the first bytes.
rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$coordinator/status"
}
before=$(rss)
cat >slow.py <<'PY'
import socket, sys, time
token = open('state/http.token').read().strip()
slow = []
for i in range(60):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(('127.0.0.1', int(sys.argv[1])))
    s.sendall(f'GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n'.encode())
    assert b'200 OK' in s.recv(100)
    slow.append(s)
print('there', flush=True)
sys.stdin.read()
PY
mkfifo hold
/usr/bin/python3 slow.py "$port" <hold >there 2>&1 &
slow=$!
exec 5>hold
there() {
	grep -q there there
}
wait_until "$step" there
is 0 $? '60 read slowly'
is 10000 "$(get /v1/jobs | jq '.jobs | length')" 'others are answered all the same'
grown=$(($(rss) - before))
[ "$grown" -lt $((60 * 1024)) ]
is 0 $? "they cost $grown KiB, for answers of $(($(stat -c %s metrics) / 1024)) KiB each"
exec 5>&-
wait "$slow"
end
finish
