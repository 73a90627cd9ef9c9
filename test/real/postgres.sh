#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL under pgbench over its unix socket and TCP at once; the balances must agree with each
# other and the history with what pgbench counted.
# options: stop more=300
set -u
work=$1
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
[ -x "$bin/initdb" ] && [ -x "$bin/pgbench" ] || { echo 'skip: no PostgreSQL' >&2; exit 77; }
if [ "$(id -u)" = 0 ]; then
	# It refuses to be root's; so the whole test is somebody else's.
	id postgres >/dev/null 2>&1 || { echo 'skip: no user postgres' >&2; exit 77; }
	chown -R postgres "$work"
	chmod o+x "$work/.." "$work/../.."
	exec setpriv --reuid postgres --regid postgres --clear-groups bash "$0" "$work"
fi
wrapper=
if ! getent passwd "$(id -u)" >/dev/null; then
	# initdb wants to know who we are.
	wrapper=$(ls /usr/lib/*/libnss_wrapper.so 2>/dev/null)
	[ "$wrapper" ] || { echo 'skip: this user has no name and there is no libnss-wrapper' >&2
		exit 77; }
	echo "tester:x:$(id -u):$(id -g)::/:/bin/sh" >"$work/passwd"
	echo "tester:x:$(id -g):" >"$work/group"
	export NSS_WRAPPER_PASSWD=$work/passwd NSS_WRAPPER_GROUP=$work/group
fi
export PGUSER=tester PGDATABASE=postgres PGHOST=$work
PGPORT=$((20000 + $$ % 10000))
export PGPORT
LD_PRELOAD="${LD_PRELOAD:-} $wrapper" "$bin/initdb" -D "$work/db" -U tester -A trust --no-sync \
	>"$work/initdb.log" 2>&1 ||
	{ echo "initdb: $(tail -n 1 "$work/initdb.log")" >&2; exit 1; }
"$bin/postgres" -D "$work/db" -k "$work" -c listen_addresses=127.0.0.1 -c shared_buffers=64MB \
	>"$work/log" 2>&1 &
server=$!
until "$bin/psql" -qc 'SELECT 1' >/dev/null 2>&1; do
	kill -0 $server || { echo "postgres: $(tail -n 1 "$work/log")" >&2; exit 1; }
	sleep 0.1
done
"$bin/pgbench" -qi -s 2 >"$work/pgbench.log" 2>&1 || { tail -n 1 "$work/pgbench.log" >&2; exit 1; }

load() {
	local n=0
	until [ -e "$work/verify" ]; do
		"$bin/pgbench" -n -c 4 -j 2 -t 50 >"$work/load.$1" 2>&1 || return 1
		grep -q 'processed: 200/200' "$work/load.$1" || return 1
		n=$((n + 200))
		: >"$work/went.$1"
		[ -e "$work/went.unix" ] && [ -e "$work/went.tcp" ] && : >"$work/ready"
	done
	echo $n >"$work/count.$1"
}
load unix &
unix=$!
PGHOST=127.0.0.1 load tcp &
tcp=$!
verdict=PASS
wait $unix || verdict="FAIL: pgbench on the socket: $(tail -n 1 "$work/load.unix")"
wait $tcp || verdict="FAIL: pgbench on TCP: $(tail -n 1 "$work/load.tcp")"
if [ "$verdict" = PASS ]; then
	want=$(($(cat "$work/count.unix") + $(cat "$work/count.tcp")))
	got=$("$bin/psql" -qAtc "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = sum(delta)
		AND (SELECT sum(bbalance) FROM pgbench_branches) = sum(delta)
		AND (SELECT sum(tbalance) FROM pgbench_tellers) = sum(delta), count(*)
		FROM pgbench_history" 2>&1)
	[ "$got" = "t|$want" ] || verdict="FAIL: $got for $want transactions"
fi
bad=$(grep -E 'PANIC|FATAL|terminated by signal' "$work/log" | grep -v 'is starting up' | head -n 1)
[ -z "$bad" ] || verdict="FAIL: $bad"
echo "$verdict" >"$work/result.new"
mv "$work/result.new" "$work/result"
kill -INT $server
wait $server
[ "$verdict" = PASS ]
