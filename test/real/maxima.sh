#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Maxima, a Lisp system that loads its memory from an image and arranges it itself: exact arithmetic
# and algebra, fed line by line; each answer is the one of a Maxima that was left alone.
# options: more=120
set -u
work=$1
command -v maxima >/dev/null || { echo 'skip: no maxima' >&2; exit 77; }
export HOME=$work MAXIMA_USERDIR=$work/user

turn() {
	echo "s: mod(s * s + $1! + $1, 10^40 + 7)\$"
	echo "print($1, s, factor(x^$(($1 % 9 + 2)) - 1), integrate(x^$(($1 % 5)) * sin(x), x))\$"
}

feed() {
	echo 'display2d: false$ linel: 1000$ s: 1$'
	local n=0
	until [ "$1" ] && [ $n -ge "$1" ] || { [ ! "$1" ] && [ -e "$work/verify" ]; }; do
		turn $n
		n=$((n + 1))
		[ "$1" ] || [ $n -ne 20 ] || : >"$work/ready"
		[ "$1" ] || sleep 0.02
	done
	[ "$1" ] || echo $n >"$work/count"
}

feed '' | maxima --very-quiet >"$work/here" 2>&1
status=$?
feed "$(cat "$work/count")" | maxima --very-quiet >"$work/alone" 2>&1
if [ $status = 0 ] && [ "$(grep -c factor "$work/here")" = 0 ] &&
	[ "$(wc -l <"$work/here")" -ge "$(cat "$work/count")" ] &&
	cmp -s "$work/here" "$work/alone"; then
	echo PASS >"$work/result.new"
else
	echo "FAIL: status $status: $(diff "$work/here" "$work/alone" | head -n 2 | tr '\n' ' ')" \
		>"$work/result.new"
fi
mv "$work/result.new" "$work/result"
grep -q PASS "$work/result"
