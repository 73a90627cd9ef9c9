#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No job outlives its shepherd, and none runs twice: whoever of those above it is killed, all of it
# ends, daemons, stopped processes and setuid workers too; if all are killed at once, a restart is
# refused until what is left is ended. The folder knows its owner, whatever the runtime directory.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v python3 >/dev/null || skip 'needs python3'
cat >tree.py <<'END'
import os, signal, sys, time

def wait(tag):
    open("pid." + tag, "w").write(str(os.getpid()))
    while True:
        time.sleep(1)

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        wait("daemon")
    os._exit(0)
if os.fork() == 0:
    os.setpgid(0, 0)
    wait("group")
if os.fork() == 0:
    if os.getuid() == 0:
        os.setresgid(1, 1, 1)
        os.setresuid(1, 1, 1)
    while not os.path.exists("go"):
        time.sleep(0.02)
    while True:
        time.sleep(1)
stopped = os.fork()
if stopped == 0:
    wait("stopped")
while not os.path.exists("pid.stopped"):
    time.sleep(0.02)
os.kill(stopped, signal.SIGSTOP)
open("up", "w").write("")
wait("root")
END

is_up() {
	[ -e up ] || gone "$shepherd"
}

# tree COMMAND…: starts the job and finds out who is above it.
tree() {
	rm -f up pid.*
	"$@" </dev/null >>out 2>>err &
	shepherd=$!
	[ "$1" = crrestart ] || wait_until "$step" is_up
	await_up
	pids=$(crctl status --json job | host_pids)
	up1=$(awk '/^PPid/ { print $2 }' "/proc/$(head -n 1 <<<"$pids")/status")
	up2=$(awk '/^PPid/ { print $2 }' "/proc/$up1/status")
}

all_gone() {
	local p
	for p in $pids; do
		gone "$p" || return 1
	done
}

# What a tree is killed by, and how it was started.
deadly() {
	local what=$1
	shift
	tree "$@"
	[ "$(wc -w <<<"$pids")" -ge 5 ] || bad "$what: only processes $pids"
	[ "$1" = crrestart ] || crctl checkpoint job >/dev/null || bad "$what: a checkpoint"
	case $what in
	shepherd) kill -9 "$up1" ;;
	guard) kill -9 "$up2" ;;
	outer) kill -9 "$shepherd" ;;
	name) kill -9 "$shepherd" "$up1" ;;
	lower) kill -9 "$up1" "$up2" ;;
	esac
	wait_until 10 all_gone
	is 0 $? "$what of $1 killed: nothing of the job is left"
	wait "$shepherd" 2>/dev/null
}

for what in shepherd guard outer name lower; do
	deadly $what crlaunch -n job -d ckpt -- python3 tree.py
done
for what in shepherd guard outer; do
	for ids in auto virtual; do
		deadly $what crrestart --ids=$ids ckpt/job
	done
done

# Nobody is left to end it, nor had the time to begin with that.
tree crlaunch -n job -d ckpt -- python3 tree.py
crctl checkpoint job >/dev/null
kill -STOP "$up2" "$up1"
kill -9 "$shepherd" "$up2" "$up1"
wait "$shepherd" 2>/dev/null
crrestart ckpt/job </dev/null >>out 2>msg
is 108 $? 'all of them killed: a restart'
says msg "still run.*$(head -n 1 <<<"$pids").*crctl kill" 'its message'
crlaunch -n job -d ckpt -- true 2>msg
is 108 $? 'nor another job in its place'
crctl list >list
says list 'job +orphaned' 'the list has it'
crctl status job 2>msg
is 101 $? 'its status'
says msg 'crctl kill job' 'says what to do'
crctl kill job
is 0 $? 'what is left is ended'
all_gone
is 0 $? 'all of it'
tree crrestart ckpt/job
is 0 "$(gone "$shepherd" && echo 1 || echo 0)" 'a restart then'

# Another runtime directory, or none any more.
mkdir -m 700 other
CR_RUNTIME_DIR=$tmp/other crrestart ckpt/job </dev/null >>out 2>msg
is 108 $? 'a restart from another runtime directory'
says msg "running already, by process $shepherd on $(uname -n).*crctl kill .*ckpt/job" 'who it is'
CR_RUNTIME_DIR=$tmp/other crlaunch -n job -d ckpt -- true </dev/null >>out 2>msg
is 108 $? 'a launch from there'
CR_RUNTIME_DIR=$tmp/other crctl checkpoint ckpt/job >last
is 0 $? 'a checkpoint by the folder'
[ -d "$(cat last)" ]
is 0 $? 'is there'
rm -rf "$CR_RUNTIME_DIR"
crrestart ckpt/job </dev/null >>out 2>msg
is 108 $? 'a restart when the runtime directory is gone'
crctl kill ckpt/job
is 0 $? 'its end, as that says'
all_gone
is 0 $? 'is one'
wait "$shepherd" 2>/dev/null
tree crrestart ckpt/job
is 0 "$(gone "$shepherd" && echo 1 || echo 0)" 'a restart after it'
crctl kill job
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
crctl kill job
is 0 $? 'at once, and again'
wait "$shepherd" 2>/dev/null
[ ! -e ckpt/job/.owner ]
is 0 $? 'the folder is nobody'\''s'
finish
