#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A user's job whose output is a file that root had opened and that the user may not open: it goes
# on with the output of crrestart.
set -u
. "$(dirname "$0")/../soak/common.sh"
[ "$(id -u)" = 0 ] || skip 'only root can open what the user cannot'
uid=${CR_TEST_UID:-64123}
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
"${user[@]}" true 2>>err || skip 'the user cannot be another here'
chmod 755 "$tmp"
mkdir home
chown "$uid" home "$CR_RUNTIME_DIR"
crctl() { "${user[@]}" "$CR_BIN/crctl" "$@"; }

cat >job.sh <<'END'
echo before
echo told >&2
: >home/ready
until [ -e home/go ]; do sleep 0.05; done
echo after
END

begin() {
	rm -rf home/* closed
	mkdir -m "$1" closed
	(
		umask 077
		exec "${user[@]}" crlaunch -n job -d home/ckpt -- bash job.sh \
			</dev/null >closed/out 2>>closed/err
	) &
	shepherd=$!
	wait_until "$step" test -e home/ready && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
	slay
	"${user[@]}" touch home/go
}

for mode in 755 700; do
	begin "$mode"
	timeout "$step" "${user[@]}" crrestart home/ckpt/job </dev/null >new 2>msg
	is 0 $? "$mode: the job goes on"
	is after "$(cat new)" "$mode: its output is where crrestart's is"
	is before "$(cat closed/out)" "$mode: the first file is as it was"
	says msg 'closed/out may not be opened' "$mode: says so"
	begin "$mode"
	timeout "$step" "${user[@]}" crrestart home/ckpt/job </dev/null >>closed/out 2>msg
	is 0 $? "$mode: the job goes on"
	is $'before\nafter' "$(cat closed/out)" "$mode: with the same file, where it was"
done
finish
