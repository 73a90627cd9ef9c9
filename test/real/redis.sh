#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Redis with its default settings and 200 MB under load over TCP and a unix socket, with pipelining,
# a subscriber and a blocked client; every value is asked for at the end.
# options: more=240
exec /usr/bin/python3 - "$1" <<'PY'
import os, sys, time
sys.path.insert(0, os.environ['CR_SOURCE'] + '/real')
from load import *

server = need('redis-server')
port = free_port()
redis = start(server, '--port', str(port), '--dir', work, '--unixsocket', path('socket'))

class Client:
    def __init__(self, where):
        self.s = connect(where)
        self.f = self.s.makefile('rb')

    def send(self, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.s.sendall(b'*%d\r\n' % len(args) +
                       b''.join(b'$%d\r\n%s\r\n' % (len(a), a) for a in args))

    def reply(self):
        line = self.f.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b'+':
            return rest
        if kind == b':':
            return int(rest)
        if kind == b'$':
            n = int(rest)
            return None if n < 0 else self.f.read(n + 2)[:-2]
        if kind == b'*':
            return [self.reply() for _ in range(int(rest))]
        raise AssertionError('reply %r' % line)

    def __call__(self, *args):
        self.send(*args)
        return self.reply()

tcp, blocked = Client(port), Client(port)
unix, reader = Client(path('socket')), Client(path('socket'))
COUNT, SIZE = 100000, 2000
for i in range(0, COUNT, 1000):
    for k in range(i, i + 1000):
        tcp.send('SET', 'key:%d' % k, text(k, SIZE))
    for k in range(i, i + 1000):
        expect('SET', tcp.reply(), b'OK')
expect('SUBSCRIBE', reader('SUBSCRIBE', 'news'), [b'subscribe', b'news', 1])

def turn(n):
    # Somebody is always waiting inside the server.
    blocked.send('BLPOP', 'queue', 0)
    expect('INCR', tcp('INCR', 'counter'), 2 * n + 1)
    expect('INCR', unix('INCR', 'counter'), 2 * n + 2)
    for c in (tcp, unix):
        for k in range(20):
            c.send('GET', 'key:%d' % ((n * 7919 + k) % COUNT))
        for k in range(20):
            i = (n * 7919 + k) % COUNT
            expect('GET', c.reply(), text(i, SIZE).encode())
    expect('PUBLISH', unix('PUBLISH', 'news', n), 1)
    expect('message', reader.reply(), [b'message', b'news', b'%d' % n])
    expect('RPUSH', tcp('RPUSH', 'queue', n), 1)
    expect('BLPOP', blocked.reply(), [b'queue', b'%d' % n])
    expect('SETEX', tcp('SETEX', 'short', 1000, n), b'OK')

def final(n):
    expect('counter', int(tcp('GET', 'counter')), 2 * n)
    for i in range(0, COUNT, 1000):
        for k in range(i, i + 1000):
            tcp.send('GET', 'key:%d' % k)
        for k in range(i, i + 1000):
            expect('GET', tcp.reply(), text(k, SIZE).encode())
    expect('DBSIZE', tcp('DBSIZE'), COUNT + 2)

end(run(turn, final=final), redis)
PY
