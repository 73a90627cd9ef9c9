#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Root's job with a worker that has become a user, who owns the folder of its files and puts links,
# other files or FIFOs where they were: root's restart must not be led anywhere by that.
set -u
. "$(dirname "$0")/../soak/common.sh"
[ "$(id -u)" = 0 ] || skip 'only root has a worker that is somebody else'
uid=${CR_TEST_UID:-64123}
setpriv --reuid "$uid" --regid "$uid" --clear-groups true 2>>err ||
	skip 'the user cannot be another here'
chmod 755 "$tmp"

cat >worker.sh <<'END'
cd "$1/work" || exit 1
d=$1/d
exec 7>>$d/log 8<>$d/data 9<$d/input 6<>$d/fifo 5<$d/folder
printf 'before ' >&7
printf 'AAAA' >&8
: >$1/ready
until [ -e $1/go ]; do sleep 0.05; done
printf 'after ' >&7
printf 'BBBB' >&8
END
# The first reads its file as root and is the user only then.
cat >job.sh <<'END'
setpriv --reuid $2 --regid $2 --clear-groups bash worker.sh $1 &
wait
END

as_user() {
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}

begin() {
	local f
	rm -rf ckpt user secret
	mkdir user secret
	chown "$uid:$uid" user
	as_user mkdir user/d user/work user/d/folder
	as_user mkfifo user/d/fifo
	as_user bash -c 'echo input >user/d/input; printf xxxxxxxxxxxx >user/d/data'
	for f in data log input fifo; do printf 'root only' >secret/$f; done
	mkdir -p secret/folder secret/work
	chmod 600 secret/*
	chmod 700 secret secret/folder secret/work
	touch -r user/d/input secret/input
	crlaunch -n job -d ckpt "$@" -- bash job.sh "$tmp/user" "$uid" </dev/null >>out 2>>err &
	shepherd=$!
	wait_until "$step" test -e user/ready && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
	slay
	as_user touch user/go
	was=$(state)
}

# All that the user could have root do.
state() {
	find secret -printf '%p %u %g %m %s %n %i\n' | sort
	cat secret/data secret/log secret/input secret/fifo
}

# refused WHAT PATTERN: and nothing of root's is another.
refused() {
	timeout "$step" crrestart "${@:3}" ckpt/job </dev/null >>out 2>msg
	case $? in
	104 | 107) good "$1: refused" ;;
	*) bad "$1: ended with $? and said $(tail -n 1 msg)" ;;
	esac
	says msg "$2" "$1: says what it was"
	is "$was" "$(state)" "$1: what is root's is as it was"
}

begin
timeout "$step" crrestart ckpt/job </dev/null >>out 2>msg
is 0 $? 'the job goes on'
is 'before after ' "$(cat user/d/log)" 'and its worker writes'
is 'AAAABBBBxxxx' "$(cat user/d/data)" 'where it was'

for f in data log input fifo folder; do
	begin
	as_user bash -c "rm -r user/d/$f; ln -s '$tmp/secret/$f' user/d/$f"
	refused "a link for $f" "d/$f.*symbolic link"
	begin
	as_user bash -c "mv user/d/$f user/d/old; ln -s old user/d/$f"
	refused "a link for $f to the user's own" "d/$f.*symbolic link"
done
begin
as_user bash -c "mv user/d user/old; ln -s '$tmp/secret' user/d"
refused 'a link for their folder' 'd/[a-z]+.*symbolic link'
begin
as_user bash -c "rm -r user/work; ln -s '$tmp/secret/work' user/work"
refused 'a link for the working directory' 'work.*symbolic link'
begin --file 'log=restore' --file 'data=truncate'
as_user bash -c "rm user/d/data; ln -s '$tmp/secret/data' user/d/data"
refused 'a link, to be cut' 'd/data.*symbolic link' --allow-changed
begin --file 'data=keep'
as_user bash -c "rm user/d/data; ln -s '$tmp/secret/data' user/d/data"
refused 'a link, to be kept' 'd/data.*symbolic link' --allow-changed

# What is missing is made again, but not behind a link.
begin
as_user bash -c "rm -r user/d; ln -s '$tmp/secret/work' user/d"
refused 'a link for the folder of what is missing' 'symbolic link|missing' --allow-changed
begin --file '*=restore'
as_user bash -c "rm user/d/data user/d/log; ln -s '$tmp/secret/new' user/d/log"
refused 'a link to what is not there' 'd/log' --allow-changed
is 1 "$(test -e secret/new; echo $?)" 'and nothing is made'

# A second name of root's file: where hard links to others' files are not protected against.
for f in data log; do
	begin
	rm user/d/$f
	ln secret/$f user/d/$f
	was=$(state)
	refused "a second name for $f" "d/$f" --allow-changed
done

# Nobody waits at a FIFO, and none is taken for a file.
for f in data log input; do
	begin
	as_user bash -c "rm user/d/$f; mkfifo user/d/$f"
	refused "a FIFO for $f" "d/$f.*(regular|kind)" --allow-changed
done
begin
as_user bash -c 'rm user/d/fifo; echo text >user/d/fifo'
refused 'a file for the FIFO' 'd/fifo.*kind'
is text "$(cat user/d/fifo)" 'which is as it was'

# Other things that have places: what is put there leads nobody, and put back they come back.
for prog in mem-shared-file inotify-watch unix-listener file-ghost-tree fifo-ghost attr-cwd; do
	rm -rf ckpt user secret work
	mkdir -m 700 secret
	install -d -o "$uid" -g "$uid" user user/work
	ln -s user/work work
	crlaunch -n job -d ckpt -- setpriv --reuid "$uid" --regid "$uid" --clear-groups \
		"$CR_PROGS/$prog" "$tmp/user/work" </dev/null >>out 2>>err &
	shepherd=$!
	wait_until "$step" ready && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad "$prog: checkpoint"
	slay
	as_user bash -c "mv user/work user/old; ln -s '$tmp/secret' user/work"
	timeout "$step" crrestart ckpt/job </dev/null >>out 2>msg
	is 104 $? "$prog: a link for its folder is refused"
	says msg 'symbolic link' "$prog: says what it was"
	is secret "$(find secret)" "$prog: nothing is made"
	as_user bash -c 'rm user/work; mv user/old user/work'
	crrestart ckpt/job </dev/null >>out 2>>err &
	shepherd=$!
	await_up && verdict "$prog"
done

# Made again with the rights of the user, in the folder that he has now.
begin
as_user rm -r user/d
timeout "$step" crrestart --allow-changed ckpt/job </dev/null >>out 2>msg
is "$uid" "$(stat -c %u user/d/data 2>/dev/null || echo $uid)" 'what is made again is the user'\''s'
finish
