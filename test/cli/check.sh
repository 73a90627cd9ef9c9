#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl check names everything in the way at once, and leaves the job as it was.
set -u
. "$(dirname "$0")/../soak/common.sh"

mkdir work
# Namespaces of somebody else, who gives them to the job and is gone.
cat >foreign.py <<END
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
NEWUSER, NEWUTS, NEWNET = 0x10000000, 0x04000000, 0x40000000
if libc.unshare(NEWUTS | NEWNET) and libc.unshare(NEWUSER | NEWUTS | NEWNET):
    sys.exit(77)
END
python3 foreign.py || skip 'no namespace to be had'
cat >prog.py <<END
import os, runpy, signal, time
out, into = os.pipe()
child = os.fork()
if not child:
    runpy.run_path("foreign.py")
    os.write(into, b".")
    signal.pause()
os.read(out, 1)
a = open("/proc/%d/ns/net" % child)
b = open("/proc/%d/ns/uts" % child)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
open("work/ready", "w").close()
while not os.path.exists("verify"):
    time.sleep(0.01)
    if os.path.exists("close") and not a.closed:
        a.close()
        b.close()
        open("closed", "w").close()
open("done", "w").close()
END
launch -n job -d ckpt -- python3 prog.py
wait_until "$step" ready && await_up || finish
crctl check job >msg 2>err
is 102 $? 'a job that cannot be saved'
is 2 "$(grep -c '^prevents .*a namespace' msg)" 'lines, one for each object in the way'
says msg 'fd [0-9]' 'the descriptor'
crctl checkpoint job >msg2 2>&1
is 102 $? 'its checkpoint'
says msg2 'a namespace .fd' 'it fails in the same words'
crctl check job --json >msg
is 102 $? 'with --json'
is false "$(jq .possible msg)" 'possible'
is 2 "$(jq '.findings | length' msg)" 'findings'
crctl status job >msg
says msg running 'the job goes on'
: >close
wait_until "$step" test -e closed || bad "it goes on"
crctl check job >msg
is 0 $? 'now that they are closed'
says msg 'can be checkpointed' 'and says so'
crctl checkpoint job >/dev/null
is 0 $? 'so it can'
crctl check ls >msg
is 0 $? 'a dynamic program'
CR_CRIU=/nonexistent crctl check /sbin/ldconfig >msg
is 102 $? 'a static program'
says msg static 'and why'
crctl check no-such-program 2>msg
is 127 $? 'no program'
crctl check $$ >msg
is 102 $? 'a process without agent'
says msg 'start it with crlaunch' 'and the way out'
crctl check 99999999 2>msg
is 101 $? 'no process'
: >verify
wait_until "$step" test -e done
is 0 $? 'the job ends by itself'
finish
