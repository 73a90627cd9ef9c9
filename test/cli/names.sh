#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names, lists, status as JSON, detached jobs, checkpoint with stop, kill.
set -u
. "$(dirname "$0")/../soak/common.sh"

launch_prog counter -d ckpt || finish
crlaunch -n job -- true 2>msg
is 108 $? 'name of a running job'
says msg job 'its message names the job'
crctl list >list
says list '(^|[^a-z])job([^a-z]|$)' 'the list has it'
crctl status --json job >json
is job "$(json_value job <json)" 'JSON has the name'
is 1 "$(host_pids <json | wc -l)" 'JSON has its process'
pid=$(host_pids <json)
is counter "$(cat "/proc/$pid/comm")" 'host_pid is that process'
if command -v python3 >/dev/null; then
	for verb in 'status --json job' 'list --json' 'checkpoint --json job'; do
		# shellcheck disable=SC2086
		crctl $verb | python3 -c 'import json, sys; json.load(sys.stdin)' 2>msg
		is 0 $? "crctl $verb is JSON"
	done
fi
image=$(crctl checkpoint job | tail -n 1)
is 0 $? 'checkpoint'
is "$(pwd)/ckpt/job" "$(cd "$(dirname "$image")" && pwd)" 'its directory'
crrestart ckpt/job </dev/null 2>msg
is 108 $? 'restart of a running job'
crctl checkpoint --stop job >/dev/null
is 0 $? 'checkpoint --stop'
wait "$shepherd"
is 85 $? 'exit status of the stopped job'
crctl status job 2>msg
is 101 $? 'the stopped job is not there'

crrestart --detach ckpt/job </dev/null >msg 2>&1
is 0 $? 'restart --detach'
wait_until "$step" crctl status job >/dev/null 2>&1
is 0 $? 'the detached job runs'
crctl kill job
is 0 $? 'kill'
nobody() { ! crctl status job >/dev/null 2>&1; }
wait_until "$step" nobody
is 0 $? 'and it is gone'
crlaunch --detach -n job -d ckpt -- "$CR_PROGS/counter" work </dev/null >msg 2>&1
is 0 $? 'launch --detach'
: >work/verify
wait_until "$step" nobody
is 0 $? 'it ends by itself'

# Under another name, the same checkpoint runs twice.
rm -f work/verify work/result
crrestart -n other ckpt/job </dev/null 2>>err &
shepherd=$!
await_up other
verdict 'restart under another name'

mkdir sealed
chmod 555 sealed
if [ "$(id -u)" != 0 ]; then
	crlaunch -n job -d sealed/ckpt -- true 2>msg
	is 111 $? 'directory that cannot be written'
fi
crlaunch -n job -d /dev/null/ckpt -- true 2>msg
is 111 $? 'directory that cannot exist'
says msg /dev/null 'its message names the directory'
finish
