#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A pipeline of six stages of ordinary commands under bash, whose numbers arrive in full and order.
# options: more=60
set -u
work=$1
(
	i=0
	until [ -e "$work/verify" ]; do
		echo $i
		i=$((i + 1))
		[ $i -eq 100 ] && : >"$work/ready"
	done
	echo "end $i"
) | cat | tr 0-9 a-j | sed -u 's/^/x/' | awk '{ print substr($0, 2); fflush() }' | (
	# "end" has letters of its own in the alphabet of the digits, so the last line is known by
	# its blank.
	n=0
	while read -r first rest; do
		if [ "$rest" ]; then
			want=$(tr 0-9 a-j <<<$n)
			[ "$rest" = "$want" ] || exit 1
			echo PASS >"$work/result.new"
			break
		fi
		want=$n
		got=
		for ((k = 0; k < ${#first}; k++)); do
			rank=abcdefghij
			rank=${rank%%"${first:k:1}"*}
			got=$got${#rank}
		done
		[ "$got" = "$want" ] || { echo "FAIL: $got for $want" >"$work/result.new"; break; }
		n=$((n + 1))
	done
)
[ -s "$work/result.new" ] || echo 'FAIL: the last stage ended early' >"$work/result.new"
mv "$work/result.new" "$work/result"
grep -q PASS "$work/result"
