#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crlaunch and crrestart inside of podman's containers without any capability, with the default
# seccomp profile and a masked /proc: a job goes from one container to the next, twice, as root and
# as a user there.
# options: root
set -u
. "$(dirname "$0")/containers.bash" podman runc

[ -L /lib64 ] && [ -L /lib ] || skip 'the C library is not below /usr here'
built "$CR_PROGS/counter"
mkdir -p glibc/{usr,proc,sys,dev,tmp,etc,cairn,progs,ckpt,work}
for link in bin sbin lib lib64; do
	ln -s usr/$link glibc/$link
done
chmod 1777 glibc/tmp
tar -C glibc -c . | pod import -q - glibc >out 2>&1 || skip "podman: $(tail -n 1 out)"

# inside NAME COMMAND…: in a new container.
inside() {
	local name=$1
	shift
	# shellcheck disable=SC2086
	pod run -d --name "$name" --network none --cap-drop ALL --user "$user" $pod_limits \
		-v /usr:/usr:ro -v "$(realpath "$CR_BIN"):/cairn:ro" \
		-v "$(realpath "$CR_PROGS"):/progs:ro" -v "$tmp/ckpt:/ckpt" -v "$tmp/work:/work" \
		glibc "$@" >out 2>err
}

saved() {
	pod exec "$1" /cairn/crctl checkpoint job >out 2>err
}

for user in 0 1234; do
	rm -rf work ckpt
	mkdir work ckpt
	chmod 777 work ckpt
	inside first$user /cairn/crlaunch -n job -d /ckpt -- /progs/counter /work ||
		skip "podman cannot run a container here: $(tail -n 1 err)"
	wait_until "$step" test -e work/ready
	is 0 $? "user $user: a job starts in a container"
	caps=$(pod exec first$user cat /proc/1/status | awk '/CapEff/ { print $2 }')
	is 0000000000000000 "$caps" "user $user: it has no capability"
	wait_until "$step" saved first$user
	is 0 $? "user $user: checkpoint $(tail -n 1 err)"
	pod rm --force --time 0 first$user >/dev/null 2>&1
	inside second$user /cairn/crrestart /ckpt/job
	wait_until "$step" saved second$user
	is 0 $? "user $user: restart in another container, checkpoint $(tail -n 1 err)"
	pod logs second$user >msg 2>&1
	says msg 'ids will be virtual' "user $user: with translated ids"
	pod rm --force --time 0 second$user >/dev/null 2>&1
	inside third$user /cairn/crrestart /ckpt/job
	touch work/verify
	wait_until "$step" test -s work/result
	is PASS "$(cat work/result 2>/dev/null)" "user $user: verdict in the third"
	is 0 "$(timeout "$step" $CR_PODMAN wait third$user)" "user $user: exit status"
	pod rm --force --time 0 third$user >/dev/null 2>&1
done
end
