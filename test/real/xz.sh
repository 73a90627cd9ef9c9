#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compression of a stream by several threads of xz, decompressed and compared at the other end.
# options: more=60
set -u
work=$1
command -v xz >/dev/null || { echo 'skip: no xz' >&2; exit 77; }
feed() {
	local i=0
	until [ -e "$work/verify" ]; do
		seq $i $((i + 999))
		i=$((i + 1000))
		[ $i -eq 20000 ] && : >"$work/ready"
		# A stream without end need not be one of gigabytes.
		sleep 0.01
	done
	echo $i >"$work/count"
}
feed | xz -T2 -1 | xz -d | awk -v out="$work/seen" '$1 != NR - 1 { bad = 1 }
	END { print bad ? "bad" : NR >out }'
if [ "$(cat "$work/seen")" = "$(cat "$work/count")" ]; then
	echo PASS >"$work/result.new"
else
	echo "FAIL: $(cat "$work/seen") of $(cat "$work/count") lines" >"$work/result.new"
fi
mv "$work/result.new" "$work/result"
grep -q PASS "$work/result"
