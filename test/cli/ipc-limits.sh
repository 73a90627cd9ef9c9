#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The limits of SysV IPC and message queues are those of the host in a job's own namespace if root
# restarts it. A user cannot set them there: it is told which of them is less, and where the job
# would not fit ids are virtual.
set -u
. "$(dirname "$0")/../soak/common.sh"

# A host of other limits, on which somebody without rights is.
host() {
	exec unshare -U -r -i sh -c 'echo 50 >/proc/sys/fs/mqueue/msg_max &&
		echo 20000 >/proc/sys/kernel/msgmax || exit 77
		user=$1 group=$2; shift 2
		exec unshare -U --map-user="$user" --map-group="$group" "$@"' \
		sh "$(id -u)" "$(id -g)" "$@"
}
(host true) 2>>err || skip 'no namespaces here whose limits can be set'

# life FILE COMMAND…: until it is checkpointed and stops.
life() {
	local msg=$1
	shift
	(host "$@") </dev/null >>out 2>"$msg" &
	shepherd=$!
	wait_until "$step" up || bad "the job did not come up: $(tail -n 1 "$msg")"
	wait_until "$step" ready
	crctl checkpoint --stop job >/dev/null 2>>err
	is 0 $? "checkpoint of: ${*: -2}"
	wait "$shepherd"
}

# lives PROGRAM WORDS: three, of which the second says something.
lives() {
	rm -rf work ckpt
	mkdir work
	life first crlaunch -n job -d ckpt -- "$CR_PROGS/$1" work
	life second crrestart ckpt/job
	[ "$(id -u)" = 0 ] || says second "$2" "$1: it says so"
	echo 0 >work/verify
	(host crrestart ckpt/job) </dev/null >>out 2>third
	is 0 $? "$1: its last life"
	says work/result PASS "$1: it has seen nothing of it"
}

lives ipc-msg-wait "job's limit /proc/sys/kernel/msgmax was 20000, and is less"
is '' "$(grep 'ids will be virtual' second)" 'where all fits ids are exact'
lives mq-large 'ids will be virtual: .*limit /proc/sys/fs/mqueue/msg_max of 50'
finish
