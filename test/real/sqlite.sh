#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The SQLite shell inserts row after row; at the end the database is sound and no row is missing.
# options: stop more=60
set -u
work=$1
command -v sqlite3 >/dev/null || { echo 'skip: no sqlite3' >&2; exit 77; }
{
	echo '.bail on'
	echo 'PRAGMA synchronous=off; CREATE TABLE t(n INTEGER PRIMARY KEY, text TEXT);'
	n=0
	until [ -e "$work/verify" ]; do
		echo "INSERT INTO t VALUES($n, 'row ' || $n);"
		n=$((n + 1))
		[ $n -eq 50 ] && : >"$work/ready"
	done
	echo $n >"$work/rows"
} | sqlite3 "$work/db" >"$work/log" 2>&1 || {
	{ echo "FAIL: sqlite3: $(tail -n 1 "$work/log")"; } >"$work/result.new"
	mv "$work/result.new" "$work/result"
	exit 1
}
got=$(sqlite3 "$work/db" "PRAGMA integrity_check;
	SELECT count(*), min(n), max(n) FROM t WHERE text = 'row ' || n;" 2>&1 | tr '\n' ' ')
rows=$(cat "$work/rows")
if [ "$got" = "ok $rows|0|$((rows - 1)) " ]; then
	echo PASS >"$work/result.new"
else
	echo "FAIL: $got for $rows rows" >"$work/result.new"
fi
mv "$work/result.new" "$work/result"
grep -q PASS "$work/result"
