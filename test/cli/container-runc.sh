#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A running container of runc becomes a job: checkpoint, kill and restart, twice; --stop; at another
# place, with --map.
# options: root
set -u
. "$(dirname "$0")/containers.bash" runc jq

mkdir bundle
mv rootfs bundle/
(cd bundle && runc_ spec)
jq --arg run "$count" '.process.terminal = false | .process.rlimits = [] |
	.process.args = ["/bin/sh", "-c", $run]' bundle/config.json >config
mv config bundle/config.json
id=cairn-$$
# A file as output is what runc cannot save.
(cd bundle && runc_ run -d $id) </dev/null >numbers 2>&1 ||
	skip "runc cannot run a container here: $(tail -n 1 numbers)"
crctl attach --container $id --runtime runc -n job -d ckpt >out 2>err
is 102 $? 'outputs that are no pipes'
says err 'descriptor 1 .*numbers.*pipes' 'it says what to do'
runc_ delete --force $id
(cd bundle && runc_ run -d $id) </dev/null 2>&1 | cat >numbers &
wait_until "$step" more_than 3 numbers
is 0 $? 'a container runs'
crctl attach --container $id --runtime runc -n job -d ckpt >out 2>err
is 0 $? "it is attached $(cat err)"

n=0
# round WHAT: checkpoint, end it so that the end is known, restart with the output in a file.
round() {
	local at
	crctl checkpoint job >out 2>err
	is 0 $? "$1: checkpoint $(cat err)"
	at=$(tail -n 1 "$2")
	wait_until "$step" more_than "$((at + 2))" "$2"
	is 0 $? "$1: the container goes on"
	crctl kill job
	wait_until "$step" job_gone job
	is 0 $? "$1: killed"
	n=$((n + 1))
	crrestart ckpt/job </dev/null >"numbers$n" 2>err &
	shepherd=$!
	wait_until "$step" more_than "$at" "numbers$n"
	is 0 $? "$1: restart $(cat err)"
	numbers "numbers$n" "$1: it goes on after the restart"
	# The first number behind the checkpoint was written twice, as after any restart.
	is 1 "$(($(head -n 1 "numbers$n") <= at + 1))" "$1: from where the checkpoint was"
}
round first numbers
first=$shepherd
round second numbers1
wait "$first"
is 137 $? 'exit status of one that was killed'

crctl checkpoint --stop job >out 2>err
is 0 $? "checkpoint and stop $(cat err)"
wait "$shepherd"
is 85 $? 'exit status of the stopped'
wait_until "$step" test -z "$(runc_ list -q)"
is 0 $? 'the container is gone'

# Another node: nothing but the checkpoint and the root file system, elsewhere.
cp -a ckpt other
mkdir place
mv bundle/rootfs place/root
rm -r bundle ckpt
crrestart other/job >out 2>err
is 104 $? 'a node without the root file system'
says err '--map' 'it says what to do'
crrestart --map "$tmp/bundle/rootfs=$tmp/place/root" other/job </dev/null >there 2>err &
shepherd=$!
wait_until "$step" more_than "$(($(tail -n 1 numbers2) + 3))" there
is 0 $? "restart there $(cat err)"
cat numbers2 there >both
numbers both 'the numbers go on from node to node'
crctl checkpoint job >out 2>err
is 0 $? "checkpoint there $(cat err)"
crctl kill job
wait "$shepherd"
end
