#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The folder of a running job is removed: the next checkpoint makes it anew, and it is the job's own
# again. Nobody starts a second job from there, from another runtime directory either.
set -u
. "$(dirname "$0")/../soak/common.sh"

other() {
	mkdir -p -m 700 away
	CR_RUNTIME_DIR=$tmp/away timeout 20 "$@" </dev/null >>out 2>msg
}

launch -n job -d ckpt -- sleep 1000
await_up || finish
crctl checkpoint job >>out 2>>err
is 0 $? 'a checkpoint'
other crrestart ckpt/job
is 108 $? 'a second job is refused'
for how in 'rm -rf' 'rm -f'; do
	if [ "$how" = 'rm -rf' ]; then rm -rf ckpt/job; else rm -f ckpt/job/.owner; fi
	crctl checkpoint job >>out 2>>err
	is 0 $? "$how: a checkpoint makes it anew"
	other crrestart ckpt/job
	is 108 $? "$how: a second job is refused as before"
	says msg 'is running already' "$how: and told why"
	other crctl status ckpt/job
	is 0 $? "$how: the job is found by its folder"
done
# Somebody else has it meanwhile: no checkpoint is mixed with his.
mv ckpt/job ckpt/aside
mkdir -m 700 ckpt/job
: >ckpt/job/.owner
flock ckpt/job/.owner sleep 1000 &
locker=$!
locked() {
	! flock -n ckpt/job/.owner true
}
wait_until "$step" locked
crctl checkpoint job >>out 2>msg
is 108 $? "a checkpoint into another's folder: $(tail -n 1 msg)"
is ckpt/job/.owner "$(find ckpt/job -mindepth 1)" 'leaves nothing there'
pkill -P $locker
wait $locker 2>/dev/null
crctl checkpoint job >>out 2>>err
is 0 $? 'and when he is gone it is ours'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up && good 'a restart from there'
slay
finish
