#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Python with threads, a subprocess now and then and a running hash that is recomputed at the end.
# options: more=60
set -u
command -v python3 >/dev/null || { echo 'skip: no python3' >&2; exit 77; }
exec python3 - "$1" <<'END'
import hashlib, os, subprocess, sys, threading, time

work = sys.argv[1]
have = lambda name: os.path.exists(os.path.join(work, name))
stop = threading.Event()
faults = []

def put(name, text):
    with open(os.path.join(work, name + '.new'), 'w') as f:
        f.write(text)
    os.rename(os.path.join(work, name + '.new'), os.path.join(work, name))

def numbers():
    a, b, n = 0, 1, 0
    while not stop.is_set():
        a, b, n = b, (a + b) % (1 << 521), n + 1
        if n == 20000:
            if a != numbers.want:
                faults.append('fibonacci')
            a, b, n = 0, 1, 0

def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, (a + b) % (1 << 521)
    return a

numbers.want = fib(20000)
threads = [threading.Thread(target=numbers) for _ in range(3)]
for t in threads:
    t.start()
h, rounds = hashlib.sha256(), 0
put('ready', '')
while not have('verify'):
    h.update(b'%d' % rounds)
    rounds += 1
    if rounds % 50 == 0 and subprocess.run(['true']).returncode:
        faults.append('subprocess')
    time.sleep(0.002)
stop.set()
for t in threads:
    t.join()
again = hashlib.sha256()
for i in range(rounds):
    again.update(b'%d' % i)
if again.digest() != h.digest():
    faults.append('hash')
put('result', 'FAIL: %s\n' % faults if faults else 'PASS\n')
sys.exit(1 if faults else 0)
END
