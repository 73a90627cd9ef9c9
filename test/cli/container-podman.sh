#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container of podman's that runs already becomes a job: checkpoint, kill and restart, twice, with
# a log without a gap; --stop; on another node, which has only the image.
# options: root
set -u
. "$(dirname "$0")/containers.bash" podman runc

tar -C rootfs -c . | pod import -q - busybox >out 2>&1 || skip "podman: $(tail -n 1 out)"
# shellcheck disable=SC2086
pod run -d --name counter --network none $pod_limits busybox /bin/sh -c "$count" >out 2>&1 ||
	skip "podman cannot run a container here: $(tail -n 1 out)"

logs() {
	pod logs counter >log 2>/dev/null
}

# counted N: the container has come beyond N.
counted() {
	logs && more_than "$1" log
}

last() {
	logs && tail -n 1 log
}

wait_until "$step" counted 3
crctl attach --container counter -n job -d ckpt >out 2>err
is 0 $? 'a running container is attached'
is job "$(cat out)" 'it says the name of the job'
is 2 "$(crctl status --json job | host_pids | sed -n '1,2p' | wc -l)" 'its processes are listed'

# round WHAT: checkpoint, go on, kill, restart.
round() {
	local at
	crctl checkpoint job >out 2>err
	is 0 $? "$1: checkpoint $(cat err)"
	at=$(last)
	wait_until "$step" counted "$((at + 2))"
	is 0 $? "$1: the container goes on"
	crctl kill job
	wait_until "$step" job_gone job
	is 0 $? "$1: killed"
	crrestart --detach ckpt/job >out 2>err
	is 0 $? "$1: restart $(cat err)"
	at=$(last)
	wait_until "$step" counted "$((at + 2))"
	is 0 $? "$1: it goes on after the restart"
}
round first
round second
logs
numbers log 'the log leaves no number out'

crctl checkpoint --stop job >out 2>err
is 0 $? "checkpoint and stop $(cat err)"
wait_until "$step" job_gone job
is 0 $? 'the job is over'
is false "$(pod inspect --format '{{.State.Running}}' counter)" 'the container does not run'
before=$(last)

# Another node: a storage of its own, the checkpoints copied.
pod save -q busybox -o image.tar >/dev/null 2>&1
pod rm --force --time 0 counter >/dev/null 2>&1
podman_at there
mkdir other
cp -a ckpt/job other/
crrestart --detach other/job >out 2>err
is 104 $? 'a node without the image'
says err 'no image.*podman pull' 'it says which, and how to get it'
pod load -q -i image.tar >/dev/null 2>&1
crrestart --detach other/job >out 2>err
is 0 $? "restart there $(cat err)"
wait_until "$step" counted "$((before + 3))"
is 0 $? 'it goes on there'
logs
numbers log 'with the log of the first node'
is 0 "$(head -n 1 log)" 'from its beginning'
crctl kill job
end
