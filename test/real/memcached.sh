#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# memcached with four threads; values, counters and compare-and-swap are checked by the clients.
# options: more=60
exec /usr/bin/python3 - "$1" <<'PY'
import os, sys
sys.path.insert(0, os.environ['CR_SOURCE'] + '/real')
from load import *

server, port = need('memcached'), free_port()
memcached = start(server, '-u', 'root', '-l', '127.0.0.1', '-p', str(port), '-U', '0', '-t', '4')

class Client:
    def __init__(self):
        self.s = connect(port)
        self.f = self.s.makefile('rb')

    def __call__(self, line, data=None):
        self.s.sendall(line.encode() + b'\r\n' + (data.encode() + b'\r\n' if data else b''))
        return self.f.readline().decode().strip()

    def get(self, key):
        line = self('get ' + key)
        if line == 'END':
            return None
        data = self.f.read(int(line.split()[3]) + 2)[:-2].decode()
        expect('end', self.f.readline(), b'END\r\n')
        return data

clients = [Client() for _ in range(8)]
expect('set', clients[0]('set counter 0 0 1', '0'), 'STORED')

def turn(n):
    for i, c in enumerate(clients):
        value = text(n * 8 + i, 1 + n * 37 % 5000)
        expect('set', c('set k%d-%d 0 0 %d' % (i, n % 500, len(value)), value), 'STORED')
    for i, c in enumerate(reversed(clients)):
        i = len(clients) - 1 - i
        expect('get', clients[(i + n) % 8].get('k%d-%d' % (i, n % 500)),
               text(n * 8 + i, 1 + n * 37 % 5000))
        expect('incr', c('incr counter 1'), str(n * 8 + 8 - i))

def final(n):
    for k in range(max(0, n - 500), n):
        for i in range(8):
            expect('get', clients[0].get('k%d-%d' % (i, k % 500)),
                   text(k * 8 + i, 1 + k * 37 % 5000))

end(run(turn, final=final), memcached)
PY
