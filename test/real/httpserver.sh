#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Python's threading HTTP server in one process and its clients in others, talking through a pipe
# and a queue of multiprocessing too.
# options: more=60
exec /usr/bin/python3 - "$1" <<'PY'
import http.client, http.server, multiprocessing, os, sys, threading
sys.path.insert(0, os.environ['CR_SOURCE'] + '/real')
from load import *

def serve(ready):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            answer = hashlib.sha256(body).hexdigest().encode()
            self.send_response(200)
            self.send_header('Content-Length', str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        def log_message(self, *args):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    ready.send(server.server_address[1])
    server.serve_forever()

def client(port, todo, done):
    c = http.client.HTTPConnection('127.0.0.1', port)
    while True:
        n = todo.get()
        if n is None:
            return
        c.request('POST', '/', text(n, 1 + n * 101 % 50000))
        done.put((n, c.getresponse().read().decode()))

here, there = multiprocessing.Pipe()
server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
server.start()
port = here.recv()
todo, done = multiprocessing.Queue(), multiprocessing.Queue()
clients = [multiprocessing.Process(target=client, args=(port, todo, done)) for _ in range(3)]
for c in clients:
    c.start()

def turn(n):
    for k in range(6):
        todo.put(n * 6 + k)
    answers = dict(done.get() for _ in range(6))
    for k in range(n * 6, n * 6 + 6):
        want = hashlib.sha256(text(k, 1 + k * 101 % 50000).encode()).hexdigest()
        expect('answer', answers[k], want)

def final(n):
    for c in clients:
        todo.put(None)
    for c in clients:
        c.join()
        expect('exit code', c.exitcode, 0)

good = run(turn, final=final)
server.terminate()
server.join()
sys.exit(0 if good else 1)
PY
