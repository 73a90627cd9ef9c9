#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever ends a restart, there is a message: a row of the restorer that fails, a crash in it or in
# a process that is becoming a saved one, at any stage, before and after the first of them runs.
set -u
. "$(dirname "$0")/../soak/common.sh"

deny=$CR_BIN/test/cli/deny
built "$deny"
"$deny" 1 999 true || skip 'no seccomp filters here'

# saved PROGRAM: its checkpoint in ckpt/job.
saved() {
	rm -rf ckpt
	launch_prog "$1" -d ckpt || return
	crctl checkpoint --stop job >/dev/null 2>>err
	is 0 $? "$1: checkpoint"
	wait "$shepherd"
}

# fails HOW CALL WORDS WHAT: the restart ends in time, not as if by the job, and says so.
fails() {
	timeout "$step" "$deny" "$1" "$2" crrestart ckpt/job </dev/null >>out 2>msg
	is 112 $? "$4"
	says msg "$3" "$4: its message"
	is '' "$(crctl list 2>>err | grep -w job)" "$4: nothing of it is left"
}

saved timer-posix
fails 38 222 'process [0-9]+: cannot restore its timers \(row [0-9]+, system call 222' \
	'a row that fails'
fails kill 222 'process [0-9]+ \(.*killed by signal 31 .*its timers.*system call 222' \
	'a crash in the restorer'
fails 38 223 'cannot restore its timers \(row [0-9]+, system call 223' \
	'a row that fails when all run'
fails kill 223 'killed by signal 31 .*its timers.*system call 223' 'a crash when all run'
fails kill 135 'killed by signal 31 .*its attributes' 'a crash in a process that becomes another'

# Before all are there, and while they join their groups.
saved tty-given-up
fails kill 16:1=21538 'process [0-9]+ \(.*killed by signal 31 .*its place in the tree' \
	'a crash before all are made'
saved sess-groups
fails kill 109:1=0 'process [0-9]+ \(.*killed by signal 31 .*its place in the tree' \
	'a crash while groups are joined'
finish
