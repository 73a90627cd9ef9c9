#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The coordinator's API is what doc/openapi.json says, with TLS and without; who is not signed in,
# or comes from elsewhere, does nothing by it; sessions last when the coordinator does not.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip 'python3-jsonschema is not there'
coordinator_options=(--http "127.0.0.1:$((port + 50))")
api() {
	/usr/bin/python3 "$top/test/cluster/http-api.py" "$top/doc/openapi.json" \
		"$top/src/coordinator/routes.def" "127.0.0.1:$((port + 50))" state/http.token \
		"CR_NODE_SOCKET=$tmp/node1/socket $CR_BIN/crctl dashboard" "$@" >api.out 2>&1
	is 0 $? "all of http-api.py $*"
	grep -v '^ok:' api.out
	checks=$((checks + $(grep -c '^ok:' api.out)))
}
cluster_up 2
job_start 1 -i 1
await_checkpoint
api
# What a browser has is good for the next coordinator, too.
key=$(ctl dashboard 2>>err | head -n 1)
cookie=$(curl -s -m 20 -o /dev/null -D - "$key" | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/p')
url=http://127.0.0.1:$((port + 50))
is 200 "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -b "$cookie" "$url/v1/jobs")" 'signed in'
coordinator_kill
wait_until "$step" gone "$(<pid/crcoordinator)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout http.key \
	-out http.crt -days 2 -subj /CN=localhost >>err 2>&1
coordinator_start
again() {
	[ "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -b "$cookie" "$url/v1/jobs")" = 200 ]
}
wait_until "$step" again
is 0 $? 'and still so when the coordinator has come again'
coordinator_kill
wait_until "$step" gone "$(<pid/crcoordinator)"
coordinator_options=(--http "127.0.0.1:$((port + 50))" --http-cert http.crt --http-key http.key)
coordinator_start
wait_until "$step" all_up
wait_until "$step" job_is running
api tls
# An address that others reach, but with a certificate.
coordinator_kill
wait_until "$step" gone "$(<pid/crcoordinator)"
coordinator_options=(--http "0.0.0.0:$((port + 50))" --http-cert http.crt --http-key http.key
	--http-host cairn.example)
coordinator_start
wait_until "$step" all_up
says <(ctl dashboard 2>&1) "^https://cairn.example:$((port + 50))/sign-in" 'with TLS it may'
for bad in '--http-cert http.crt' '--http-cert http.crt --http-key http.crt' \
	'--http-cert none --http-key http.key'; do
	# shellcheck disable=SC2086
	"$CR_BIN/crcoordinator" --listen 127.0.0.1:0 --state other --key key --http 0.0.0.0:0 $bad \
		>msg 2>&1 </dev/null
	[ $? -ge 100 ]
	is 0 $? "$bad is refused: $(tail -n 1 msg)"
done
job_end
loopback_down
finish
