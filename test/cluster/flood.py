#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# What a hostile user does to a daemon, and goes on doing until it is killed; says "ready" when it is
# under way. usage: flood.py sockets|silent|frames|slow|watch|tls|http|drip TARGET [N]
# TARGET is a unix socket or HOST:PORT.
import os, resource, socket, struct, sys, time

what, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3000
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
if hard != resource.RLIM_INFINITY:
    count = min(count, hard - 50)

def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])

def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value

def request(ask, number, *more):
    body = field(21, field(1, number) + field(2, ask) + b''.join(more))
    return struct.pack('<II', len(body), 0) + body

def connect():
    if target[0] == '/':
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(1)
        s.connect(target)
    else:
        host, port = target.rsplit(':', 1)
        s = socket.create_connection((host, int(port)), 1)
    s.setblocking(False)
    return s

def send(s, data):
    try:
        return s.send(data)
    except OSError:
        return -1

# ASK_LIST and ASK_EVENTS of proto/cluster.proto.
LIST, EVENTS = 0, 6
kept, told, began = [], False, time.time()
piece = bytes(1 << 20)
while True:
    while len(kept) < count:
        try:
            s = connect()
        except OSError:
            break
        kept.append(s)
        if what == 'frames':
            send(s, struct.pack('<II', 10, 16 << 20 if len(kept) % 2 else 0xffffffff))
        elif what == 'slow':
            for i in range(40):
                send(s, request(LIST if i % 2 else EVENTS, i + 1))
        elif what == 'watch':
            for i in range(40):
                send(s, request(EVENTS, i + 1, field(12, 1)))
        elif what == 'tls':
            # The beginning of a handshake, and no end.
            send(s, b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
        elif what == 'http':
            send(s, b'GET /v1/events HTTP/1.1\r\nHost: x\r\n')
        if not told and (len(kept) > 200 or time.time() - began > 2):
            print('ready', len(kept), flush=True)
            told = True
    alive = []
    for s in kept:
        if what == 'drip':
            # A request that never ends.
            send(s, b'GET /v1/jobs HTTP/1.1\r\n' if len(alive) % 2 else b'x: y\r\n')
        try:
            # Slow ones never read; others look whether they were thrown out.
            if what not in ('slow', 'watch', 'frames') and s.recv(4096) == b'':
                s.close()
                continue
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            continue
        if what == 'frames' and send(s, piece) < 0 and len(alive) % 7 == 0:
            s.close()
            continue
        alive.append(s)
    kept = alive
    if not told:
        print('ready', len(kept), flush=True)
        told = True
    time.sleep(.02)
