#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job is killed one process after the other, so that each end of its connections is in turn the
# one that closes first and lingers; it is restarted at once, every time.
set -u
. "$(dirname "$0")/../soak/common.sh"
built "$CR_PROGS/tcp-killed"

# end SIGNAL PAUSE PID…
end() {
	local signal=$1 pause=$2 pid
	shift 2
	for pid in "$@"; do
		kill "-$signal" "$pid" 2>/dev/null
		sleep "$pause"
	done
	for pid in "$@" "$shepherd" "$server" "$one" "$two"; do
		wait_until "$step" gone "$pid" || bad "process $pid survived"
	done
	wait "$shepherd" 2>/dev/null
}

launch_prog tcp-killed -d ckpt || finish
crctl checkpoint job >>out 2>>err
is 0 $? 'a checkpoint'
for way in all server-first clients-first one-client server-late clients-late term shepherd-last; do
	# shellcheck disable=SC2046
	set -- $(crctl status --json job | host_pids)
	one=$1 server=$2 two=$3
	case $way in
	all) end KILL 0 "$shepherd" "$server" "$one" "$two" ;;
	server-first) end KILL 0 "$server" "$one" "$two" "$shepherd" ;;
	clients-first) end KILL 0 "$one" "$two" "$server" "$shepherd" ;;
	one-client) end KILL 0.05 "$one" "$server" "$two" "$shepherd" ;;
	server-late) end KILL 0.2 "$shepherd" "$one" "$two" "$server" ;;
	clients-late) end KILL 0.2 "$shepherd" "$server" "$two" "$one" ;;
	term) end TERM 0.1 "$two" "$server" "$one" ;;
	shepherd-last) end KILL 0.1 "$two" "$server" "$one" "$shepherd" ;;
	esac
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	good "restart at once after: $way"
done
verdict 'the last one'
finish
