#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A terminal whose other side is outside of the job is named, and the job goes on.
set -u
. "$(dirname "$0")/../soak/common.sh"

python=/usr/bin/python3
[ -x $python ] || skip 'no python3'
$python -c '
import os, pty, time
master, slave = pty.openpty()
print(os.ttyname(slave), flush=True)
time.sleep(600)' >name 2>>err &
other=$!
wait_until "$step" test -s name
pts=$(cat name)
crlaunch -n job -d ckpt -- sh -c "exec 3<>$pts; touch up; exec sleep 600" </dev/null &
shepherd=$!
wait_until "$step" test -e up
crctl checkpoint job >out 2>&1
is 102 $? 'a checkpoint is refused'
grep -q "$pts open .*outside of" out
is 0 $? "the error names the terminal"
crctl check job >out 2>&1
grep -q "$pts open .*outside of" out
is 0 $? 'crctl check names it too'
crctl status job >/dev/null
is 0 $? 'the job goes on'
crctl kill job
wait "$shepherd"
kill $other
wait $other 2>/dev/null
finish
