#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# As in a container with the default seccomp profile: no namespaces, no clone3, no kcmp. Launched,
# checkpointed and restarted there, twice; then once more with namespaces, as the image is the same.
set -u
. "$(dirname "$0")/../soak/common.sh"

forbid=$CR_BIN/test/cli/forbid
[ -x "$forbid" ] || skip "$forbid is not built"
"$forbid" true || skip 'no seccomp filters here'

# life COMMAND…: the job runs, is checkpointed and stops. What it says goes to a file of this life,
# as one that the job has is cut back by the next.
life() {
	n=$((n + 1))
	"$@" </dev/null >>out 2>err.$n &
	shepherd=$!
	wait_until "$step" up || bad "the job did not come up: $(tail -n 1 err.$n)"
	wait_until "$step" test -e work/ready
	"$forbid" crctl checkpoint --stop job >/dev/null 2>>err
	is 0 $? "checkpoint of: ${*: -3}"
	wait "$shepherd"
	is 85 $? 'the job is stopped'
}

n=0
for prog in ids-tree thr-owner file-dup; do
	rm -rf work ckpt
	mkdir work
	life "$forbid" crlaunch -n job -d ckpt -- "$CR_PROGS/$prog" work
	life "$forbid" crrestart ckpt/job
	says err.$n 'ids will be virtual' 'it says so'
	life "$forbid" crrestart ckpt/job
	life crrestart --ids=virtual ckpt/job
	echo 0 >work/verify
	"$forbid" crrestart ckpt/job </dev/null >>out 2>>err
	is 0 $? "$prog: its last life"
	says work/result PASS "$prog: it has seen nothing of it"
done
finish
