#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Another user connects to all sockets of a shepherd, again and again: checkpoints go on, and crctl
# is answered. A client of the job's own user that says nothing holds nobody up either.
set -u
. "$(dirname "$0")/../soak/common.sh"
python=$(PATH=/usr/bin:/bin command -v python3) || skip 'there is no python3'
[ "$(id -u)" = 0 ] || skip 'to be another user needs root'
trap '[ ! "${flooder:-}" ] || kill -9 $flooder; "$CR_BIN/crctl" kill strangers 2>/dev/null' EXIT
"$CR_BIN/crlaunch" -n strangers -d "$tmp/cairn" sleep 1000 >log 2>&1 </dev/null &
wait_until 30 "$CR_BIN/crctl" checkpoint strangers >msg 2>&1
is 0 $? "a checkpoint: $(tail -n 1 msg)"
names=$(grep -ao "@cairn-$(id -u)-[^ ]*" /proc/net/unix | sort -u)
[ "$(wc -l <<<"$names")" -ge 3 ]
is 0 $? "abstract sockets: $(wc -l <<<"$names")"
cat >flood.py <<'P'
import itertools, select, socket, sys, time
names, kept, told = ['\0' + n[1:] for n in sys.argv[1:]], [], False
began = time.time()
for n in itertools.cycle(names):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.setblocking(False)
    try:
        s.connect(n)
        kept.append(s)
    except OSError:
        time.sleep(.002)
    if len(kept) > 300:
        kept.pop(0).close()
    if not told and time.time() - began > 1:
        print('ready', flush=True)
        told = True
P
chmod 644 flood.py
# shellcheck disable=SC2086
setpriv --reuid 64299 --regid 64299 --clear-groups "$python" - $names <flood.py >flood 2>&1 &
flooder=$!
wait_until 30 grep -q ready flood
is 0 $? "the flood runs: $(tail -n 1 flood)"
for i in 1 2 3 4; do
	timeout 30 "$CR_BIN/crctl" checkpoint strangers >msg 2>&1
	is 0 $? "checkpoint $i: $(tail -n 1 msg)"
done
timeout 30 "$CR_BIN/crctl" status strangers >msg 2>&1
is 0 $? "status: $(tail -n 1 msg)"
kill -9 $flooder
wait $flooder 2>/dev/null
flooder=
# Silent ones, of the user himself.
socket=$(ls "${CR_RUNTIME_DIR:-/run/cairn}"/strangers.sock 2>/dev/null)
if [ "$socket" ]; then
	"$python" -c 'import socket, sys, time
kept = []
for i in range(8):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    kept.append(s)
print("ready", flush=True)
time.sleep(100)' "$socket" >flood 2>&1 &
	flooder=$!
	wait_until 30 grep -q ready flood
	began=$(date +%s%N)
	timeout 30 "$CR_BIN/crctl" status strangers >msg 2>&1
	is 0 $? "status: $(tail -n 1 msg)"
	[ $(($(date +%s%N) - began)) -lt 6000000000 ]
	is 0 $? 'nobody waits for the silent'
fi
[ ! "$flooder" ] || kill -9 $flooder
"$CR_BIN/crctl" kill strangers >msg 2>&1
is 0 $? "the job ends: $(tail -n 1 msg)"
finish
