#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What crctl says is done is done when it returns: after kill and checkpoint --stop the job's
# processes are gone, and the next line of a script, crrestart, works at once; 12 times.
set -u
. "$(dirname "$0")/../soak/common.sh"

# left: processes of the job that still live.
left() {
	local pid n=0
	for pid in $1; do
		! kill -0 "$pid" 2>/dev/null || [ "$(awk '{ print $3 }' "/proc/$pid/stat")" = Z ] ||
			n=$((n + 1))
	done
	echo $n
}

host_pids() {
	crctl status job --json | grep -o '"host_pid":[0-9]*' | cut -d: -f2
}

launch -n job -d ckpt -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait'
wait_until "$step" up job
crctl checkpoint job >>out 2>>err
is 0 $? 'a checkpoint'
for i in 1 2 3 4 5 6; do
	pids=$(host_pids)
	crctl kill job 2>msg
	is 0 $? "kill $i: $(<msg)"
	is 0 "$(left "$pids")" 'and all are gone'
	crrestart --detach ckpt/job >>out 2>msg
	is 0 $? "restart at once: $(tail -n 1 msg)"
	pids=$(host_pids)
	crctl checkpoint --stop job >>out 2>msg
	is 0 $? "checkpoint --stop $i: $(<msg)"
	is 0 "$(left "$pids")" 'and all are gone'
	crrestart --detach ckpt/job >>out 2>msg
	is 0 $? "restart at once: $(tail -n 1 msg)"
done
crctl kill job
finish
