#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job just below the memory limit of its cgroup, which it writes all over all the time: a
# checkpoint is made or fails with the reason, and the job lives. Needs a cgroup of its own.
set -u
. "$(dirname "$0")/../soak/common.sh"

# Where one can be made below our own: prints its folder, its limit's file and its usage's.
find_cgroup() {
	local path mount
	mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	path=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' /proc/self/cgroup)
	if [ "$mount" ] && [ "$path" ]; then
		echo "$mount$path memory.limit_in_bytes memory.usage_in_bytes"
		return
	fi
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	while grep -qsw memory "$mount$path/cgroup.controllers"; do
		if grep -qsw memory "$mount$path/cgroup.subtree_control"; then
			echo "$mount$path memory.max memory.current"
			return
		fi
		[ "$path" ] && [ "$path" != / ] || return
		path=${path%/*}
	done
}

command -v python3 >/dev/null || skip 'needs python3'
read -r above limit usage <<<"$(find_cgroup)"
[ "${above:-}" ] || skip 'no memory controller of cgroups'
group=$above/cairn-test-$$
mkdir "$group" 2>/dev/null || skip "no cgroup can be made in $above"
trap 'rmdir "$group" 2>/dev/null' EXIT
[ -w "$group/$limit" ] || skip "$group has no $limit"

cat >dirty.py <<'END'
import os, time

SIZE = 96 << 20
memory = bytearray(os.urandom(1 << 20)) * (SIZE >> 20)
open("up", "w").write("")
turn = 0
while True:
    turn = (turn + 1) % 256
    for at in range(0, SIZE, 4096):
        memory[at] = turn
    open("turns", "w").write(str(turn))
    time.sleep(0.01)
END

enter() {
	echo $BASHPID >"$group/cgroup.procs"
	exec "$@"
}

set_room() {
	local used
	used=$(<"$group/$usage")
	# What of it is of files the kernel takes back.
	echo 3 >"$group/memory.force_empty" 2>/dev/null
	used=$(<"$group/$usage")
	echo $((used + $1)) >"$group/$limit"
}

alive() {
	local before
	before=$(cat turns)
	turned() { [ "$(cat turns)" != "$before" ]; }
	wait_until "$step" turned && ! gone "$root"
	is 0 $? "$1: the job goes on"
}

enter crlaunch -n job -d ckpt --keep 100 -- python3 dirty.py </dev/null >>out 2>>err &
shepherd=$!
is_up() { [ -e up ] && [ -e turns ] || gone "$shepherd"; }
wait_until "$step" is_up
root=$(crctl status --json job | host_pids | head -n 1)

committed=0
for i in 1 2 3 4 5 6 7 8; do
	set_room $((8 << 20))
	if crctl checkpoint job >last 2>msg; then
		committed=$((committed + 1))
	else
		says msg 'MiB of memory.*left|writer of process .* was killed' "$i: the reason"
	fi
	alive "checkpoint $i"
done
is 8 "$committed" 'checkpoints with 8 MiB left'
set_room $((5 << 19))
crctl checkpoint job >last 2>msg
is 111 $? 'one with 2.5 MiB left'
says msg 'takes about .* MiB of memory.*cgroup.*raise that limit' 'its message'
crctl check job >findings
says findings 'prevents.*MiB of memory' 'a check says so too'
alive 'too little'
# Half of what it may dirty: if that is too little, the writer goes and not the job.
set_room $((48 << 20))
crctl checkpoint job >last 2>msg || says msg 'writer of process .* was killed' 'the writer goes'
alive 'some room'
crctl checkpoint job >last 2>msg
is 0 $? 'and the next one is made'
slay
crimage verify --all ckpt >verify 2>&1
is 0 $? "what was made is whole: $(tail -n 1 verify)"
rm -f turns
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
root=$(crctl status --json job | host_pids | head -n 1)
wait_until "$step" test -e turns
alive 'restarted'
slay
finish
