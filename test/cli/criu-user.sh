#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The backend criu for an ordinary user: what lacks is named, with the command that grants it; with
# that a static program goes through two kills and restarts, under its own process number.
set -u
[ "$(id -u)" = 0 ] || { echo 'skip: only root can grant a capability'; exit 77; }
# A descriptor of root's, from whoever runs the tests, could not be opened again.
for fd in $(seq 3 255); do
	[ "$fd" = 255 ] || eval "exec $fd>&-" 2>/dev/null
done
. "$(dirname "$0")/../soak/common.sh"

user=${CR_TEST_UID:-64123}
criu=$(for c in "${CR_CRIU:-}" /opt/cairn/criu/criu \
	"${HOME:-/root}/.local/share/cairn/criu/criu" "$(command -v criu)"; do
	[ -x "$c" ] && echo "$c" && break
done)
[ "$criu" ] || skip 'no CRIU here'
mkdir bin
cp "$criu" bin/criu 2>/dev/null || skip "cannot copy $criu"
# The library itself, not a script in front of it, can be given a capability.
head -c 4 bin/criu | grep -q ELF || skip "$criu is a script"
gcc -static -O1 -o static "$top/test/cli/criu-static.c" -pthread 2>msg || skip 'no static libc'
mkdir work
chown -R "$user" "$tmp"
user_runs() { setpriv --reuid "$user" --regid "$user" --clear-groups "$@"; }
user_runs test -x "$CR_BIN/crlaunch" || skip "$CR_BIN is out of reach for user $user"
export CR_CRIU=$tmp/bin/criu HOME=$tmp

user_runs crlaunch -n job -d ckpt --backend criu -- ./static work 2>msg </dev/null
is 117 $? 'without a capability: status'
says msg 'setcap cap_checkpoint_restore.* .*bin/criu' 'the command that grants it'
setcap cap_checkpoint_restore,cap_setpcap+ep bin/criu || skip 'setcap does not work here'

start() {
	user_runs "$@" </dev/null >>stdout 2>>err &
	shepherd=$!
}
begun() { ready && user_runs crctl status job >/dev/null 2>&1; }
start crlaunch -n job -d ckpt --backend criu -- ./static work
wait_until "$step" begun || bad "it did not start: $(tail -n 1 err)"
for i in 1 2; do
	is "ckpt/job/00000$i" "$(user_runs crctl checkpoint job 2>>err | grep -o 'ckpt.*')" \
		"checkpoint $i: $(tail -n 1 err)"
	user_runs crctl kill job
	wait "$shepherd"
	start crrestart ckpt/job
	running() { gone "$shepherd" || user_runs crctl status job >/dev/null 2>&1; }
	wait_until "$step" running
done
verdict 'as an ordinary user'
finish
