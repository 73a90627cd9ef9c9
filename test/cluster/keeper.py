#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of keeper from outside of the job: keeper.py LOG PORT ADDRESS...

Three at a time, each with a key of its own, go on for ever: where no answer comes, or the wrong
one, they connect anew to whichever address has a server. Within a connection each answer must be
one more than the last; in a new one it may be less, as the server may have been put back to a
checkpoint, but never more than what was asked for. Lines of LOG: the least of all three, and how
often they had to connect; or what is wrong, after FAIL.
"""
import socket
import sys
import threading
import time

log, port, addresses = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
out = open(log, "a", buffering=1)
lock = threading.Lock()
reached, tokens = {}, set()


def fail(text):
    with lock:
        out.write("FAIL: %s\n" % text)


def tell():
    with lock:
        if len(reached) == 3:
            out.write("%d %d\n" % (min(reached.values()), sum(connects.values())))


def talk(key, address):
    """Until the connection ends."""
    with socket.create_connection((address, port), timeout=1) as s:
        s.settimeout(2)
        lines, last = s.makefile("r"), None
        while True:
            # What is asked for and not answered may be counted all the same.
            asked[key] = max(asked[key], last or 0) + (last is None or last == asked[key])
            s.sendall(("add %s\n" % key).encode())
            line = lines.readline()
            if not line:
                return
            token, n = line.split()
            n = int(n)
            tokens.add(token)
            connects[key] += last is None
            if len(tokens) > 1:
                fail("it has been started anew: %s" % sorted(tokens))
            if last is not None and n != last + 1:
                fail("%s: %d after %d" % (key, n, last))
            if n > asked[key]:
                fail("%s: %d, and %d were asked for" % (key, n, asked[key]))
            reached[key] = last = n
            tell()
            time.sleep(0.02)


def client(key):
    while True:
        for address in addresses:
            try:
                talk(key, address)
            except (OSError, ValueError):
                pass
        time.sleep(0.1)


asked = {"a": 0, "b": 0, "c": 0}
connects = dict(asked)
for k in list(asked):
    threading.Thread(target=client, args=(k,), daemon=True).start()
threading.Event().wait()
