#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In a cluster, too, what crctl says is done is done when it returns: a job that was stopped is
# stopped and its processes are gone, one that was restarted runs, one that was killed has ended.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
cluster_up 3
job_start 2 -i 1000
living() {
	pgrep -f "^$CR_CLUSTER_PROGS/msgs [01] 2 $tmp/out" | wc -l
}
is 2 "$(living)" 'both members run'
for i in 1 2 3; do
	ctl checkpoint --stop job >msg 2>&1
	is 0 $? "checkpoint --stop $i: $(tail -n 1 msg)"
	is stopped "$(job state)" 'it is stopped'
	is 0 "$(living)" 'and gone'
	ctl restart job >msg 2>&1
	is 0 $? "restart at once: $(tail -n 1 msg)"
	is running "$(job state)" 'it runs'
done
ctl drain node1 >msg 2>&1
is 0 $? "drain: $(tail -n 1 msg)"
[ "$(where 0)" != node1 ] && [ "$(where 1)" != node1 ]
is 0 $? "and nothing is left there"
ctl undrain node1
ctl kill job >msg 2>&1
is 0 $? "kill: $(tail -n 1 msg)"
is ended "$(job state)" 'it has ended'
is 0 "$(living)" 'and is gone'
finish
