#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gnuplot, told what to do through a pipe: fits and plots; at the end all pictures are the same as
# those of one that was left alone.
# options: more=60
set -u
work=$1
command -v gnuplot >/dev/null || { echo 'skip: no gnuplot' >&2; exit 77; }

begin() {
	echo "set terminal svg; set samples 400; set fit quiet; set fit logfile '/dev/null'"
	echo "set print '$work/$1.numbers'; sum = 0.; a = 1; b = 1; f(x) = a * x + b * sin(x)"
	printf '%s\n' '$data << END' "$(awk 'BEGIN { for (i = 0; i < 50; i++)
		printf "%d %.6f\n", i, i * 0.7 + 3 * sin(i) + (i * 7919 % 101) / 1000 }')" END
}

turn() {
	echo "a = $1 % 7 + 1; b = $1 % 5 + 1; fit f(x) \$data via a, b"
	echo "sum = sum + a * $1 + b; print sprintf('%d %.9f %.9f %.6f', $1, a, b, sum)"
	echo "set output '$work/$2.svg'; plot [0:$(($1 % 40 + 5))] f(x), \$data; unset output"
}

{
	begin here
	n=0
	until [ -e "$work/verify" ]; do
		turn $n here
		n=$((n + 1))
		[ $n -ne 40 ] || : >"$work/ready"
		sleep 0.02
	done
	echo $n >"$work/count"
} | gnuplot >"$work/log" 2>&1
status=$?
count=$(cat "$work/count")
{
	begin alone
	for ((n = 0; n < count; n++)); do turn $n alone; done
} | gnuplot >>"$work/log" 2>&1
if [ $status = 0 ] && [ -s "$work/here.numbers" ] &&
	cmp -s "$work/here.numbers" "$work/alone.numbers" &&
	cmp -s "$work/here.svg" "$work/alone.svg"; then
	echo PASS >"$work/result.new"
else
	echo "FAIL: status $status after $count turns: $(tail -n 1 "$work/log")" >"$work/result.new"
fi
mv "$work/result.new" "$work/result"
grep -q PASS "$work/result"
