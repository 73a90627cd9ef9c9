#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx, a master and two workers, serving small and large files over kept connections.
# options: more=120
exec /usr/bin/python3 - "$1" <<'PY'
import http.client, os, sys
sys.path.insert(0, os.environ['CR_SOURCE'] + '/real')
from load import *

server, port = need('nginx'), free_port()
os.makedirs(path('www'))
sizes = [0, 1, 1000, 70000, 3000000]
for i, size in enumerate(sizes):
    with open(path('www/%d' % i), 'w') as f:
        f.write(text(i, size))
with open(path('nginx.conf'), 'w') as f:
    f.write('''daemon off; pid %s/nginx.pid; worker_processes 2; error_log %s/error.log; user root;
events { worker_connections 256; }
http { access_log %s/access.log; root %s/www; sendfile on; keepalive_requests 1000000;
keepalive_timeout 3600; client_body_temp_path %s/t1; proxy_temp_path %s/t2;
fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;
server { listen 127.0.0.1:%d; listen unix:%s/socket; } }
''' % ((work,) * 9 + (port, work)))
nginx = start(server, '-p', work, '-c', path('nginx.conf'), '-e', path('error.log'))
connect(port).close()

class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = connect(path('socket'))

kept = [http.client.HTTPConnection('127.0.0.1', port) for _ in range(8)] + [Unix('x')]

def get(c, i):
    c.request('GET', '/%d' % i)
    r = c.getresponse()
    expect('status', r.status, 200)
    expect('file %d' % i, r.read(), text(i, sizes[i]).encode())

def turn(n):
    # Asked for one and all before any is read: answers wait in the sockets.
    for c in kept:
        c.request('GET', '/%d' % (n % len(sizes)))
    for c in kept:
        r = c.getresponse()
        expect('status', r.status, 200)
        expect('file', r.read(), text(n % len(sizes), sizes[n % len(sizes)]).encode())
    get(http.client.HTTPConnection('127.0.0.1', port), n % len(sizes))

def final(n):
    with open(path('access.log')) as f:
        lines = sum(1 for _ in f)
    expect('lines in the log', lines, n * (len(kept) + 1))

end(run(turn, final=final), nginx)
PY
