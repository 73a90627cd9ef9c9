#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signals from outside the job, for a thread that each checkpoint has to seize: each of them
# arrives, and once.
set -u
. "$(dirname "$0")/../soak/common.sh"

gcc -O1 -pthread -o job "$top/test/cli/signals-outside.c" || { bad 'compiling'; finish; }
head -c 4096 /dev/zero >seen
launch -n job -d ckpt --signal 60 -- ./job 60
wait_until "$step" test -e ready && await_up || finish
pid=$(crctl status --json job | host_pids)
python3 - "$pid" <<'END' &
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
pid, sig = int(sys.argv[1]), libc.__libc_current_sigrtmin() + 3
seen, n = open('seen', 'rb', 0), 0
while not os.path.exists('enough'):
    for i in range(16):
        if libc.sigqueue(pid, sig, ctypes.c_void_p(n)):
            sys.exit('sigqueue: error %d' % ctypes.get_errno())
        n += 1
    # So many that one is on its way at any time, but that the queue does not get full.
    while n - int.from_bytes(os.pread(seen.fileno(), 4, 0), 'little') > 64:
        time.sleep(0.00001)
with open('sent.new', 'w') as f:
    f.write('%d\n' % n)
os.rename('sent.new', 'sent')
END
sender=$!
made=0
for i in $(seq 60); do
	crctl checkpoint job >>made 2>>err && made=$((made + 1))
done
is 60 "$made" 'checkpoints'
: >enough
wait "$sender"
is 0 $? 'the sender'
wait "$shepherd"
is 0 $? "all have come: $(tail -n 1 out)"
finish
