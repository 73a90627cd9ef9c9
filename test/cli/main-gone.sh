#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A process whose first thread has ended has its command in crctl status, hears SIGTERM through
# crlaunch and crrestart by its handler, and can be ended.
set -u
. "$(dirname "$0")/../soak/common.sh"

shown() {
	crctl status job | grep -q 'thr-main-gone .*work$'
	is 0 $? "$1: its command is shown"
	kill -TERM "$shepherd"
	sleep 0.3
	crctl status job >/dev/null
	is 0 $? "$1: SIGTERM is its handler's"
}

launch_prog thr-main-gone -d ckpt || finish
shown launched
crctl checkpoint job >/dev/null
is 0 $? checkpoint
crctl kill job
wait "$shepherd"
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
shown restarted
crctl kill job
is 0 $? 'it can be ended'
wait "$shepherd"
finish
