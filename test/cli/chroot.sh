#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In a plain chroot, whose root directory is no mount point, jobs are launched and restarted, by
# root and by a user; and nothing that a restart mounts shows outside.
# options: root
set -u
. "$(dirname "$0")/../soak/common.sh"

# The folders of the chroot are mounts, in a namespace that ends with this script.
if [ "${CR_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || skip 'only for root'
	unshare -m true 2>/dev/null || skip 'no mount namespace'
	rm -rf "$tmp"
	CR_INSIDE=1 exec unshare -m "$script"
fi
# What a restart mounts would spread from here to there, if it did not cut itself off.
mount --make-rshared /
mkdir -p root/{proc,tmp,progs,cairn,run}
for d in usr bin sbin lib lib64 etc dev; do
	if [ -L "/$d" ]; then
		cp -P "/$d" "root/$d"
	elif [ -d "/$d" ]; then
		mkdir -p "root/$d"
		mount --bind "/$d" "root/$d"
	fi
done
mount -t proc proc root/proc
mount --bind "$CR_BIN" root/cairn
mount --bind "$CR_PROGS" root/progs
chmod 1777 root/tmp root/run
mounts() { awk '{ print $5 }' /proc/self/mountinfo | sort; }
mounts >before

# inside UID COMMAND…
inside() {
	local uid=$1
	shift
	exec chroot root setpriv --reuid "$uid" --regid "$uid" --clear-groups \
		env PATH="/cairn:/usr/bin:/bin" CR_RUNTIME_DIR="/run/$uid" HOME=/tmp "$@"
}
ctl_in() { (inside "$1" crctl "${@:2}" 2>>err); }
up_in() { ctl_in "$1" status job >/dev/null; }

for uid in 0 "${CR_TEST_UID:-64123}"; do
	work=root/tmp/$uid
	mkdir -m 700 "$work" "root/run/$uid"
	chown "$uid" "$work" "root/run/$uid"
	(inside "$uid" crlaunch -n job -d "/tmp/$uid/ckpt" -- /progs/counter "/tmp/$uid") \
		</dev/null >/dev/null 2>&1 &
	shepherd=$!
	wait_until "$step" test -e "$work/ready"
	is 0 $? "user $uid: a job starts"
	for cycle in 1 2; do
		ctl_in "$uid" checkpoint job >/dev/null
		is 0 $? "user $uid: checkpoint $cycle: $(tail -n 1 err)"
		pids=$(ctl_in "$uid" status --json job | host_pids)
		# shellcheck disable=SC2086
		kill -9 "$shepherd" $pids
		wait "$shepherd" 2>/dev/null
		: >msg
		(inside "$uid" crrestart "/tmp/$uid/ckpt/job") </dev/null >/dev/null 2>msg &
		shepherd=$!
		wait_until "$step" up_in "$uid"
		is 0 $? "user $uid: restart $cycle: $(tail -n 1 msg)"
	done
	[ "$uid" = 0 ] || says msg 'ids will be virtual: in a chroot' "user $uid: it says why"
	[ "$uid" != 0 ] || is '' "$(cat msg)" 'root: exact ids, without a word'
	mounts >after
	is '' "$(diff before after)" "user $uid: mounts outside"
	: >"$work/verify"
	wait_until "$step" test -s "$work/result"
	is PASS "$(cat "$work/result" 2>/dev/null)" "user $uid: verdict"
	wait "$shepherd"
	is 0 $? "user $uid: exit status"
done
cd / && umount -R "$tmp"/root/* 2>/dev/null
cd "$tmp" || exit 1
finish
