#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of cairn.h in C, C++ and Python: without Cairn, and through two restarts.
set -u
. "$(dirname "$0")/../soak/common.sh"

examples=$top/contrib/examples

# done_in LIFE: it was told of its restart, and has made two checkpoints after that.
done_in() {
	awk -v life="$1" '
		/step .: restarted|^restarted|^life/ { told++; made = 0 }
		/: checkpoint|^saved/ { made++ }
		END { exit !(made >= 2 && (!life || told)) }' out
}

# try NAME COMMAND…: alone, then launched, killed, restarted, killed and restarted.
try() {
	local name=$1 life
	shift
	mkdir "$name"
	cd "$name" || return
	"$@" 1 >alone 2>&1
	is 0 $? "$name: without Cairn"
	is '' "$(grep -E 'step 1: checkpoint|saved|restarted' alone)" 'there it makes no checkpoint'
	crlaunch -n job -d ckpt -- "$@" 1000 </dev/null >>out 2>>err &
	shepherd=$!
	for life in 0 1 2; do
		wait_until "$step" done_in $life
		is 0 $? "$name: checkpoints in life $life: $(tail -qn 1 out err)"
		slay
		[ $life = 2 ] && break
		: >out
		crrestart ckpt/job </dev/null >>out 2>>err &
		shepherd=$!
	done
	cd ..
}

cc=$(command -v cc || command -v gcc) || skip 'no C compiler'
flags=(-I "$top/include" -Wall -Wextra -Werror -O1)
if "$cc" "${flags[@]}" -pedantic "$examples/api.c" -o api-c; then
	try c "$tmp/api-c"
else
	bad 'api.c does not compile'
fi
for more in -static '-no-pie -fno-pic' -std=c99; do
	# shellcheck disable=SC2086
	"$cc" "${flags[@]}" $more "$examples/api.c" -o api-more && ./api-more 0
	is 0 $? "it compiles with $more, too"
done
if cxx=$(command -v c++ || command -v g++); then
	if "$cxx" "${flags[@]}" -pedantic -pthread "$examples/api.cc" -o api-cxx; then
		try cxx "$tmp/api-cxx"
	else
		bad 'api.cc does not compile'
	fi
fi
if command -v python3 >/dev/null; then
	try python python3 "$examples/api.py"
fi
finish
