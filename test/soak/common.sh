# SPDX-License-Identifier: Apache-2.0
# The start of the soak and command-line tests: a directory, the job's environment, the end.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${CR_BIN:=${CAIRN_BUILD:-$top}}"
: "${CR_PROGS:=$CR_BIN/test/prog}"
. "$top/test/lib.sh"
step=${CR_STEP:-30}
tmp=$(mktemp -d "${CR_TEST_TMP:-${TMPDIR:-/tmp}}/cairn-$(basename "$0" .sh).XXXXXX") || exit 2
export CR_BIN CR_PROGS CR_RUNTIME_DIR=$tmp/run
mkdir -m 700 "$CR_RUNTIME_DIR"
PATH=$CR_BIN:$PATH
cd "$tmp" || exit 2
failures=0 checks=0

skip() {
	echo "skip: $*"
	rm -rf "$tmp"
	exit 77
}

# built FILE…: what `make programs` makes; without it a test would wait for what never comes.
built() {
	local f
	for f in "$@"; do
		[ -x "$f" ] && continue
		echo "FAIL: $f is not built (make programs)"
		rm -rf "$tmp"
		exit 1
	done
}

bad() {
	failures=$((failures + 1)) checks=$((checks + 1))
	echo "FAIL: $*"
}

good() {
	checks=$((checks + 1))
	echo "ok: $*"
}

# is WANT GOT WHAT: two values are the same.
is() {
	if [ "$1" = "$2" ]; then good "$3"; else bad "$3: '$2' instead of '$1'"; fi
}

# says FILE PATTERN WHAT: a message contains an extended regular expression.
says() {
	if grep -qiE -e "$2" "$1"; then good "$3"; else bad "$3: no '$2' in: $(tail -n 2 "$1")"; fi
}

# Start a job of the name job in the background and wait until it is under way.
launch() {
	crlaunch "$@" </dev/null >>out 2>>err &
	shepherd=$!
}

up() {
	gone "$shepherd" || crctl status "${1:-job}" >/dev/null 2>&1
}

await_up() {
	wait_until "$step" up "${1:-job}" && ! gone "$shepherd" && return
	bad "the job did not start: $(tail -n 1 err)"
	return 1
}

# launch_prog PROGRAM ARGS-OF-CRLAUNCH…: a test program in work/, until it is ready.
launch_prog() {
	local prog=$1
	shift
	rm -rf work
	mkdir work
	launch -n job "$@" -- "$CR_PROGS/$prog" work
	wait_until "$step" ready && await_up
}

ready() {
	[ -e work/ready ] || gone "$shepherd"
}

# Every process of the job that the shepherd tells of, and the shepherd itself, at once.
slay() {
	local pid pids
	pids=$(crctl status --json "${1:-job}" 2>/dev/null | host_pids)
	# shellcheck disable=SC2086
	kill -9 "$shepherd" $pids 2>/dev/null
	for pid in $shepherd $pids; do
		wait_until "$step" gone "$pid" || bad "process $pid survived kill -9"
	done
	wait "$shepherd" 2>/dev/null
}

# Ask the test program for its verdict, from a job that runs under $shepherd.
verdict() {
	: >work/verify
	wait_until "$step" gone "$shepherd" || { bad "$1: no end"; slay; return; }
	wait "$shepherd"
	is 0 $? "$1: exit status"
	is PASS "$(cat work/result 2>/dev/null)" "$1: verdict"
}

finish() {
	[ ! -s "$tmp/no-json" ] || bad "no JSON, or no filter: $(head -n 3 "$tmp/no-json")"
	# A test that never came to its checks has not passed.
	if [ $failures = 0 ] && [ $checks -gt 0 ]; then
		cd /
		rm -rf "$tmp"
		echo "$checks checks passed"
		exit 0
	fi
	echo "$failures of $checks checks failed; files in $tmp"
	echo "again: CR_BIN=$CR_BIN test/$(basename "$(dirname "$script")")/$(basename "$script")"
	exit 1
}

script=$0
