#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crrestart --check tells everything that is in the way at once, starts nothing, and is right.
set -u
. "$(dirname "$0")/../soak/common.sh"
. "$(dirname "$0")/crimage.bash"

cp "$(command -v sleep)" ./lull
mkdir work folder
cat >work.py <<'END'
import os, socket, subprocess, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 0))
s.listen(1)
data = open("read-only")
os.chdir("folder")
lull = subprocess.Popen(["../lull", "1000"])
time.sleep(0.5)
open("../port.new", "w").write(str(s.getsockname()[1]))
os.rename("../port.new", "../port")
while not os.path.exists("../end"):
    time.sleep(0.05)
lull.kill()
END
echo data >read-only
launch -n job -d ckpt -- python3 work.py
wait_until "$step" test -e port || { bad "no start: $(tail -n 1 err)"; finish; }
wait_until "$step" up || finish
crctl checkpoint job >/dev/null
crrestart --check ckpt/job >msg 2>err
is 108 $? 'while it runs'
says msg 'prevents +a job job is running' 'that its name is taken'
says msg "TCP port $(cat port).* in use" 'and its port'
crctl checkpoint job --stop >/dev/null
wait "$shepherd"
crrestart --check ckpt/job >msg 2>err
is 0 $? 'when it has ended'
says msg 'can be restarted here' 'it says so'
is true "$(crrestart --check --json ckpt/job | jq .possible)" 'and as JSON'

# As in a container without privileges.
built "$CR_BIN/test/cli/forbid"
"$CR_BIN/test/cli/forbid" crrestart --check --ids=exact ckpt/job >msg 2>err
is 109 $? 'where namespaces are forbidden'
says msg '^prevents .*forbids the namespaces' 'it says so'
"$CR_BIN/test/cli/forbid" crrestart --check ckpt/job >msg 2>err
is 0 $? 'with virtual ids it would work'
says msg '^different .*ids will be virtual' 'and be different'

# All at once: a program, a file, a folder, the port.
mv lull lull.away
mv folder folder.away
echo changed >>read-only
python3 -c "
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $(cat port)))
s.listen(1)
open('taken', 'w').close()
time.sleep(1000)" &
taker=$!
wait_until "$step" test -e taken
crrestart --check ckpt/job >msg 2>err
is 104 $? 'four things in the way'
says msg '^prevents +[^ ]*/lull, .*missing' 'the program'
says msg '^prevents +.*read-only.* has changed' 'the file'
says msg '^prevents +[^ ]*/folder, .*missing' 'the folder'
says msg "^prevents +TCP port $(cat port)" 'the port'
crrestart --check --json ckpt/job >json
is false "$(jq .possible json)" 'as JSON'
is '["file","folder","port","program"]' \
	"$(jq -c '[.findings[] | select(.prevents) | .kind] | unique' json)" 'their kinds'
crctl status job >/dev/null 2>&1 && bad 'a job was started'
kill $taker
wait $taker 2>/dev/null
mv lull.away lull
mv folder.away folder
crrestart --check --allow-changed ckpt/job >msg 2>err
is 0 $? 'put back, and allowed to have changed'
crrestart --allow-changed ckpt/job </dev/null >>out 2>err &
shepherd=$!
await_up && good 'and so it can be restarted'
: >end
wait_until "$step" gone "$shepherd" || slay
crrestart --json ckpt/job 2>msg
is 100 $? '--json alone'
finish
