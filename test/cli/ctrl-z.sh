#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Job control: at Ctrl-Z the shell sees the job stop, its shepherd answers all the same, a stopped
# job can be checkpointed, and fg goes on. A shepherd that is stopped by hand holds up nobody.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v python3 >/dev/null || skip 'needs python3'
cat >shell.py <<'END'
import os, pty, re, select, subprocess, sys, time

pid, tty = pty.fork()
if pid == 0:
    os.environ["PS1"] = "ready> "
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
seen = b""

def expect(what, limit=30):
    global seen
    end = time.time() + limit
    while not re.search(what, seen):
        if time.time() > end:
            sys.exit("no %r in %r" % (what, seen[-300:]))
        if select.select([tty], [], [], 0.2)[0]:
            seen += os.read(tty, 4096)
    seen = seen[re.search(what, seen).end():]

def say(line):
    os.write(tty, line)

def crctl(*args):
    begin = time.time()
    p = subprocess.run(["crctl", *args], stdout=subprocess.PIPE, timeout=60)
    return p.returncode, p.stdout.decode(), time.time() - begin

expect(b"ready> ")
for start in sys.argv[1:]:
    say(start.encode() + b"\n")
    # A job that was saved when it stood still comes back so.
    if not start.startswith("crrestart"):
        expect(b"\ntick\r")
        say(b"\x1a")
    expect(b"Stopped")
    code, out, took = crctl("list")
    print("list", code, re.search(r"^job +(\S+)", out, re.M).group(1), took < 5)
    code, out, took = crctl("status", "job")
    print("status", code, re.search(r"^state +(\S+)", out, re.M).group(1), took < 5)
    code, out, took = crctl("checkpoint", "job")
    print("checkpoint", code)
    code, out, took = crctl("status", "job")
    print("still", code, re.search(r"^state +(\S+)", out, re.M).group(1))
    seen = b""
    say(b"fg\n")
    expect(b"\ntick\r")
    print("fg")
    say(b"\x03")
    expect(b"interrupted")
    expect(b"ready> ")
    print("interrupted")
    say(start.encode() + b"\n")
    if not start.startswith("crrestart"):
        expect(b"\ntick\r")
        say(b"\x1a")
    expect(b"Stopped")
    code, out, took = crctl("kill", "job")
    print("kill", code, took < 15)
    # The shell may tell of its end, and forget it, before it is waited for.
    say(b"while [[ $(jobs -s) ]]; do sleep 0.1; done; wait %1; echo st''atus $?\n")
    expect(b"status 137|Exit 137")
    print("ended")
END
cat >tick.py <<'END'
import time
try:
    while True:
        print("tick", flush=True)
        time.sleep(0.1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
END
want='list 0 stopped True
status 0 stopped True
checkpoint 0
still 0 stopped
fg
interrupted
kill 0 True
ended'
timeout $((step * 4)) python3 shell.py 'crlaunch -n job -d ckpt -- python3 tick.py' >got 2>why
is "$want" "$(cat got)" "Ctrl-Z: $(tail -n 1 why)"
timeout $((step * 4)) python3 shell.py 'crrestart ckpt/job' >got 2>why
is "$want" "$(cat got)" "Ctrl-Z after a restart: $(tail -n 1 why)"

# By hand: the guard runs its shepherd on, and crctl both.
rm -rf ckpt
for command in 'crlaunch -n job -d ckpt -- python3 tick.py' 'crrestart ckpt/job' \
	'crrestart --ids=virtual ckpt/job'; do
	$command </dev/null >>out 2>>err &
	shepherd=$!
	await_up
	root=$(crctl status --json job | host_pids | head -n 1)
	up1=$(awk '/^PPid/ { print $2 }' "/proc/$root/status")
	up2=$(awk '/^PPid/ { print $2 }' "/proc/$up1/status")
	for whom in "$up1" "$up2 $up1" "$shepherd $up2 $up1 $root"; do
		# shellcheck disable=SC2086
		kill -STOP $whom
		timeout 10 crctl list >list
		is 0 $? "$command: a list with $(wc -w <<<"$whom") of them stopped"
		says list 'job +(running|stopped) +[1-9]' 'has the job'
		timeout "$step" crctl checkpoint job >/dev/null
		is 0 $? 'and it can be saved'
	done
	timeout "$step" crctl kill job
	is 0 $? 'and ended'
	wait_until "$step" gone "$root"
	is 0 $? 'is gone'
	kill -CONT "$shepherd" 2>/dev/null
	wait "$shepherd" 2>/dev/null
done
finish
