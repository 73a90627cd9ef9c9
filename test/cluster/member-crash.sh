#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A member that crashes goes back to its last checkpoint, and no oftener than is said.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 1 -i 1 --max-restarts 2
await_checkpoint
crash() {
	pids=$(pgrep -f "^[^ ]*/msgs 0 $members $tmp/out")
	# shellcheck disable=SC2086
	kill "-$1" $pids
}

crash KILL
moves_on 'after SIGKILL'
is 1 "$(job restarts)" 'one restart'
await_checkpoint
crash SEGV
moves_on 'after SIGSEGV'
await_checkpoint
job_end

finish
