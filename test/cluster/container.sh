#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A running container of runc's becomes a job of the cluster; when its node fails it runs on the
# other from its last checkpoint. Its shepherd killed, it is killed, and restarted.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
for program in runc jq busybox; do
	command -v $program >/dev/null || skip "no $program here (contrib/setup --tests)"
done
[ "$(id -u)" = 0 ] || skip 'containers can be checkpointed by root only'
ldd "$(command -v busybox)" >/dev/null 2>&1 && skip 'busybox is not a static one'

runc_() {
	runc --root "$tmp/runc-$1" "${@:2}"
}

# What is left of containers, whatever happens.
remove_all() {
	local node
	loopback_down
	for node in node1 node2 node3; do
		runc_ $node delete --force "$id"
	done >/dev/null 2>&1
	case $passed in y) rm -rf "$tmp" ;; esac
}
id=cairn-$$ passed=''
on_loopback
trap 'rc=$?; [ $rc != 0 ] || passed=y; remove_all' EXIT

for node in node1 node2 node3; do
	mkdir -p bin-$node
	printf '#!/bin/sh\nexec runc --root %s/runc-%s "$@"\n' "$tmp" $node >bin-$node/runc
	chmod +x bin-$node/runc
done
# Each node has its own containers.
node_start() {
	local node=$1
	shift
	daemon "crnode.$node" "$node" env CR_RUNC="$tmp/bin-$node/runc" "$CR_BIN/crnode" \
		--coordinator "$CR_COORDINATOR" --name "$node" --store "$(store "$node")" \
		--key "$tmp/key" --address 127.0.0.1 "$@"
}
cluster_up 3

mkdir -p bundle/rootfs/{bin,proc,sys,dev,out} out
cp "$(command -v busybox)" bundle/rootfs/bin/
ln -s busybox bundle/rootfs/bin/sh
ln -s busybox bundle/rootfs/bin/usleep
runc spec -b bundle
# shellcheck disable=SC2016
run='i=0; while :; do echo $i >>/out/0; i=$((i+1)); usleep 50000; done'
jq --arg run "$run" --arg out "$tmp/out" '.process.terminal = false | .process.rlimits = [] |
	.root.readonly = false |
	.process.args = ["/bin/sh", "-c", $run] |
	.mounts += [{ destination: "/out", type: "bind", source: $out, options: ["bind", "rw"] }]' \
	bundle/config.json >config && mv config bundle/config.json
runc_ node1 run -d -b bundle $id </dev/null >/dev/null 2>/dev/null ||
	skip 'runc cannot run a container here'

beyond() {
	[ "$(tail -n 1 out/0 2>/dev/null)" -gt "$1" ] 2>/dev/null
}

CR_RUNC=$tmp/bin-node1/runc on node1 crctl attach --container $id --runtime runc -n job -i 1 \
	--coordinator "$CR_COORDINATOR" >out.attach 2>err
rc=$?
[ $rc != 117 ] || skip "$(tail -n 1 err)"
is 0 $rc "a container is a job of the cluster $(tail -n 1 err)"
await_checkpoint
is node1 "$(where 0)" 'on its node'
await_checkpoint

loopback_end node1
pid=$(runc_ node1 state $id | jq .pid)
[ "$pid" = 0 ] || kill -9 "$pid"
ask=node2
before=$(tail -n 1 out/0)
leaves node1
now=$(where 0)
wait_until "$step" beyond "$before"
is 0 $? 'it goes on there'
is running "$(runc_ "$now" state $id | jq -r .status)" 'as a container of that node'
await_checkpoint

shepherd=
for f in /proc/[0-9]*; do
	case $(cat "$f/comm" 2>/dev/null) in crrestart) ;; *) continue ;; esac
	grep -qszF "CR_NODE_SOCKET=$tmp/$now/" "$f/environ" || continue
	# The other one is outside of the guard.
	pid=$(awk '/^PPid:/ { print $2 }' "$f/status")
	[ "$(cat "/proc/$pid/comm")" != cairn-guard ] || shepherd=${f#/proc/}
done
was=$(runc_ "$now" state $id | jq .pid)
kill -9 "$shepherd"
wait_until "$step" gone "$was"
is 0 $? 'the container does not outlive its shepherd'
before=$(tail -n 1 out/0)
wait_until "$step" beyond "$before"
is 0 $? 'it is restarted'
ctl kill job
none_runs() {
	! runc_ node2 list -f json 2>/dev/null | grep -q '"status":"running"' &&
		! runc_ node3 list -f json 2>/dev/null | grep -q '"status":"running"'
}
wait_until "$step" none_runs
is 0 $? 'crctl kill ends it'
[ $failures = 0 ] && [ $checks -gt 0 ] && echo "$checks checks passed" && exit 0
finish
