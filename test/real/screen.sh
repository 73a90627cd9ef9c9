#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A detached screen with a shell in it, which has a stopped job.
# options: more=60
set -u
work=$1
command -v screen >/dev/null || { echo 'skip: no screen' >&2; exit 77; }
cd "$work" || exit 1
export HOME=$work TERM=xterm SCREENDIR=$work/screens LC_ALL=C.UTF-8
mkdir -m 700 screens

s() {
	screen -S it -X "$@"
}

# within FILE PATTERN: a file comes to contain a line.
within() {
	local i
	for ((i = 0; i < 600; i++)); do
		s hardcopy "$work/copy"
		grep -q -- "$2" "$1" 2>/dev/null && return
		sleep 0.1
	done
	echo "FAIL: no $2 in $1: $(tr -s '\n' <"$1")" >result.new
	mv result.new result
	s quit
	exit 1
}

screen -c /dev/null -dmS it bash --norc --noprofile -i ||
	{ echo 'skip: screen does not start (no name for this user?)' >&2; exit 77; }
sleep 0.5
s stuff 'echo hello-$((40 + 2))\n'
within copy '^hello-42'
s stuff "sh -c 'echo u''p; exec sleep 1000'\n"
within copy '^up'
sleep 0.2
s stuff $'\032'
within copy Stopped
cp copy before
touch ready
while [ ! -e verify ]; do
	rm -f copy
	s hardcopy "$work/copy"
	[ ! -s copy ] || cmp -s copy before || { within copy 'as before'; }
	sleep 0.2
done
s stuff 'clear; jobs; tty\n'
within copy 'Stopped.*sleep 1000'
within copy '^/dev/pts/'
s stuff 'kill %1; fg\n'
s stuff 'echo bye-$((40 + 2))\n'
within copy '^bye-42'
s quit
echo PASS >result.new
mv result.new result
