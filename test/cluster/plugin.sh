#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crlaunch --nodes gives its plugins to all members, and recovery loads them again;
# a plugin that is missing on a node gives the checkpoint of all members up, by name.
set -u
. "$(dirname "$0")/lib.sh"
built "$CR_BIN/test/plugin/show-env"
on_loopback
cluster_up 2

# asked WANT: what the programs of both members find in their environment.
asked() {
	local m n=0
	for m in m.*; do
		rm -f "$m/parent" "$m/child"
		: >"$m/ask"
	done
	for m in m.*; do
		wait_until "$step" test -e "$m/parent" -a -e "$m/child"
		rm -f "$m/ask"
		[ "$(cat "$m/parent")" != "$1" ] || n=$((n + 1))
	done
	is 2 $n "$2: $(cat m.*/parent | tr '\n' ';')"
}

both() {
	[ "$(ls -d m.* 2>/dev/null | wc -l)" = 2 ]
}

cp "$CR_BIN/plugins/env.so" other.so
# shellcheck disable=SC2016
daemon job node1 env -u DISPLAY -u SLURM_A -u SLURM_B -u GONE -u NEW -u NEW2 -u KEPT \
	"$CR_BIN/crlaunch" -n job -i 3600 --nodes 2 --plugin "./other.so:NEW=moved,GONE=" -- \
	sh -c 'mkdir "m.$$" && cd "m.$$" && exec "$0" ask' "$CR_BIN/test/plugin/show-env"
wait_until "$step" job_has 2 || bad "the members: $(tail -n 1 log/job)"
wait_until "$step" both
asked '- - - - - - -' 'as launched'
ctl checkpoint job >msg 2>&1
is 0 $? "checkpoint: $(tail -n 1 msg)"
mv other.so away.so
ctl checkpoint job >msg 2>&1
is 118 $? 'a checkpoint without the plugin'
says msg 'plugin .*other.so' 'it is named'
asked '- - - - - - -' 'all go on'
mv away.so other.so
ctl checkpoint job >msg 2>&1
is 0 $? "checkpoint again: $(tail -n 1 msg)"
loopback_end node2
# Each is to be on a node of its own, so they wait for one.
waiting() {
	job_is waiting
}
wait_until "$step" waiting
is 0 $? 'they wait for a node'
node_start node2
again() {
	job_is running && [ "$(job epoch)" -gt 1 ]
}
wait_until "$step" again
is 0 $? 'they run again'
asked ' - - - moved - -' 'after the recovery'
finish
