#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The memory in a core is that of the process, page by page, whatever its mappings are of.
set -u
. "$(dirname "$0")/../soak/common.sh"
pages=$top/test/cli/pages.py

command -v python3 >/dev/null || skip 'no python3'
# The kernel writes into each thread's memory on which CPU it runs (rseq): let that be one.
taskset -pc "$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')" $$ >/dev/null

each() {
	local pid
	for pid in $(crctl status --json job | host_pids); do
		"$1" "$pid"
	done
}

stands() {
	[[ $(sed 's/.*) //' "/proc/$1/stat") == T* ]]
}

before() {
	kill -STOP "$1"
	wait_until "$step" stands "$1" || bad "$prog: $1 does not stop"
	python3 "$pages" save "$1" "before.$1"
}

compare() {
	python3 "$pages" save "$1" "after.$1"
	crimage core ckpt/job "$1" >core 2>msg
	is 0 $? "$prog: core of $1: $(cat msg)"
	python3 "$pages" compare "before.$1" "after.$1" core >msg 2>&1
	is 0 $? "$prog: $(cat msg)"
	kill -CONT "$1"
}

for prog in mem-beyond-eof mem-cow mem-deleted-file mem-guard mem-memfd-private mem-none-reserve \
	mem-private-file mem-protections mem-reserve mem-shared-file mem-shared-parts \
	mem-shm-unlinked mem-untouched memfd-secret; do
	rm -rf ckpt before.* after.* work
	mkdir work
	launch -n job -d ckpt -- "$CR_PROGS/$prog" work
	wait_until "$step" ready
	if gone "$shepherd"; then
		wait "$shepherd"
		is 77 $? "$prog: not possible here"
		continue
	fi
	await_up
	each before
	crctl checkpoint job >/dev/null 2>>err
	is 0 $? "$prog: checkpoint"
	each compare
	verdict "$prog"
done
finish
