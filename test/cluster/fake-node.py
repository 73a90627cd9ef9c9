#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# As much of a crnode as crrsh asks for: starts what it wants, without a cluster. The node nowhere is
# unknown, on node silent nothing comes. usage: fake-node.py SOCKET
import os, socket, struct, subprocess, sys

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

def exactly(c, n):
    data = b''
    while len(data) < n:
        got = c.recv(n - len(data))
        if not got:
            raise EOFError
        data += got
    return data

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(9)
while True:
    c, _ = server.accept()
    lengths = struct.unpack('<II', exactly(c, 8))
    message, payload = [exactly(c, n) for n in lengths]
    words = payload.split(b'\0')[:-1]
    end = words.index(b'')
    answer = field(1, 1) + field(2, 1)
    if field(6, b'nowhere') in message:
        answer += field(3, 101) + field(4, b'no node nowhere')
    elif field(6, b'silent') not in message:
        env = dict(w.split(b'=', 1) for w in words[end + 1:-1])
        env.update({k: v for k, v in os.environb.items() if k in (b'LD_PRELOAD',)})
        subprocess.Popen(words[:end], env=env, stdin=subprocess.DEVNULL, start_new_session=True)
    answer = field(22, answer)
    c.sendall(struct.pack('<II', len(answer), 0) + answer)
    c.close()
