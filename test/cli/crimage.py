#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# The job of the crimage tests: two processes with threads, a pipe, sockets, shared memory, a deleted
# file and a zombie. It writes what crimage must tell to work/facts, and waits for work/step.
import ctypes
import json
import mmap
import os
import socket
import sys
import threading
import time

work = sys.argv[1]
libc = ctypes.CDLL(None)


def wait_for(name):
    while not os.path.exists(os.path.join(work, name)):
        time.sleep(0.02)


def linger():
    while True:
        time.sleep(3600)


def child(server, pair, parent_end):
    parent_end.close()
    client = socket.create_connection(server.getsockname())
    client.send(b"from the client")
    pair.send(b"from the child")
    for _ in range(2):
        threading.Thread(target=linger, daemon=True).start()
    if os.fork() == 0:
        os._exit(3)
    with open(os.path.join(work, "child"), "w") as f:
        json.dump({"pid": os.getpid(), "client": client.fileno()}, f)
    linger()


r, w = os.pipe()
os.write(w, b"in the pipe")
here, there = socket.socketpair()
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(5)
shared = mmap.mmap(-1, 1 << 20)
shared[:6] = b"shared"
# Private memory of our own, which nothing else touches.
private = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
private[:] = b"A" * (1 << 20)
address = ctypes.addressof(ctypes.c_char.from_buffer(private))
log = open(os.path.join(work, "log"), "a")
log.write("nine byte")
log.flush()
gone = open(os.path.join(work, "gone"), "w+")
gone.write("deleted content")
gone.flush()
os.unlink(os.path.join(work, "gone"))
# What libc's environ has now, and the kernel's copy of the start has not.
os.environ["LOOK_LATER"] = "set later \u00e9"
if os.fork() == 0:
    child(server, there, here)
there.close()
connection, _ = server.accept()
for _ in range(3):
    threading.Thread(target=linger, daemon=True).start()
wait_for("child")
time.sleep(0.2)
with open(os.path.join(work, "child")) as f:
    other = json.load(f)
facts = {
    "pid": os.getpid(), "child": other["pid"], "client": other["client"],
    "port": server.getsockname()[1], "server": server.fileno(), "connection": connection.fileno(),
    "pipe": r, "pair": here.fileno(), "gone": gone.fileno(), "log": log.fileno(),
    "address": "%x" % address,
}
with open(os.path.join(work, "facts.new"), "w") as f:
    json.dump(facts, f)
os.rename(os.path.join(work, "facts.new"), os.path.join(work, "facts"))
wait_for("step")
private[:4096 * 10] = b"B" * (4096 * 10)
extra = open("/dev/null")
threading.Thread(target=linger, daemon=True).start()
open(os.path.join(work, "stepped"), "w").close()
linger()
