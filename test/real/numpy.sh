#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An iteration of numpy matrices with all the threads of its libraries, repeated for comparison.
# options: more=90
set -u
# The distribution's, which has the numpy that contrib/setup installs; else the first in PATH.
python=/usr/bin/python3
$python -c 'import numpy' 2>/dev/null || python=python3
$python -c 'import numpy' 2>/dev/null || { echo 'skip: no numpy for python3' >&2; exit 77; }
exec "$python" - "$1" <<'END'
import os, sys
import numpy as np

work = sys.argv[1]
have = lambda name: os.path.exists(os.path.join(work, name))

def put(name, text):
    with open(os.path.join(work, name + '.new'), 'w') as f:
        f.write(text)
    os.rename(os.path.join(work, name + '.new'), os.path.join(work, name))

a = np.random.default_rng(1).standard_normal((300, 300))
a /= np.linalg.norm(a, 2)

def step(x):
    x = a @ x + np.sin(x)
    return x / np.linalg.norm(x)

start = np.ones((300, 300))
x, n = start, 0
while not have('verify'):
    x, n = step(x), n + 1
    if n == 3:
        put('ready', '')
y = start
for _ in range(n):
    y = step(y)
good = np.allclose(x, y, rtol=1e-6, atol=1e-9) and np.isfinite(x).all()
put('result', 'PASS\n' if good else 'FAIL: matrices differ after %d steps\n' % n)
sys.exit(0 if good else 1)
END
