#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are gone at the restart, a restart that fails, and a disk that is full then.
set -u
. "$(dirname "$0")/../soak/common.sh"

shm=/dev/shm/cairn-lost-$$
trap 'rm -f "$shm"' EXIT
cat >job.sh <<'END'
exec 7<>data 8<"$1" 9<input
printf 'AAAA' >&7
read -r -u 8 -n 2 line
: >ready.1
until [ -e go ]; do sleep 0.05; done
printf 'BBBB' >&7
read -r -u 8 line
echo "$line"
END

begin() {
	rm -rf ckpt go ready.1 output
	printf 'xxxxxxxxxxxx' >data
	echo 'memory of a file' >"$shm"
	echo input >input
	crlaunch -n job -d ckpt "$@" -- bash job.sh "$shm" </dev/null >output 2>>err &
	shepherd=$!
	wait_until "$step" test -e ready.1 && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
	slay
	: >go
}

again() {
	timeout "$step" crrestart "$@" ckpt/job </dev/null >>output 2>msg
}

[ -w /dev/shm ] || skip 'no /dev/shm'
begin
chmod 640 data
rm data "$shm"
# It fails for another reason first, and leaves nothing behind.
mv input hidden
again
is 104 $? 'without its input'
[ ! -e data ] && [ ! -e "$shm" ]
is 0 $? 'a restart that fails makes no files'
mv hidden input
again
is 0 $? 'files that are gone are made again'
is 'AAAABBBBxxxx' "$(cat data)" 'one that was written'
is 'mory of a file' "$(cat output)" 'one of /dev/shm that was only read'
is 'memory of a file' "$(cat "$shm")" 'which is there again'

# With the folders that they were in, as on another machine.
rm -rf ckpt out
launch_prog file-folder -d ckpt
crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
slay
rm -rf work/a
timeout "$step" crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
verdict 'folders that are gone'

# A full disk is met before anything is changed.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cat >small.sh <<'END'
mount -t tmpfs -o size=8m none small || exit 9
cd small
head -c 3000000 /dev/urandom >one
head -c 3000000 /dev/urandom >two
cp one ../one.before
crlaunch -n job -d ../ckpt -- \
	bash -c 'exec 7<>one 8<>two; : >up; until [ -e go ]; do sleep 0.05; done' &
until [ -e up ]; do sleep 0.05; done
sleep 0.3
crctl checkpoint --stop job || exit 8
wait
echo changed >one
: >two
head -c 7900000 /dev/zero >ballast
: >go
crrestart ../ckpt/job
echo "status $?" >../verdict
cat one >>../verdict
rm ballast
crrestart ../ckpt/job
echo "status $?" >>../verdict
cmp one ../one.before && echo whole >>../verdict
END
	rm -rf ckpt small
	mkdir small
	timeout $((step * 2)) unshare -m bash small.sh </dev/null >out.small 2>>err
	is 'status 111 changed status 0 whole' \
		"$(tr '\n' ' ' <verdict | sed 's/ $//')" 'a full disk at the restart'
fi
finish
