# SPDX-License-Identifier: Apache-2.0
# What the tests of servers share: the protocol with the runner, servers as children, clients.
import hashlib, os, signal, socket, subprocess, sys, time, traceback

work = sys.argv[1]

def path(name):
    return os.path.join(work, name)

def have(name):
    return os.path.exists(path(name))

def put(name, text):
    with open(path(name + '.new'), 'w') as f:
        f.write(text)
    os.rename(path(name + '.new'), path(name))

def skip(reason):
    print('skip: ' + reason, file=sys.stderr)
    sys.exit(77)

def need(*programs):
    """Paths of programs, or the test is skipped."""
    found = []
    for p in programs:
        for d in os.environ['PATH'].split(':') + ['/usr/sbin', '/sbin']:
            if os.access(os.path.join(d, p), os.X_OK):
                found.append(os.path.join(d, p))
                break
        else:
            skip('no ' + p)
    return found if len(found) > 1 else found[0]

def free_port():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
    s.close()
    return port

def start(*command, **options):
    log = open(path('server.log'), 'ab')
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

def connect(where, patience=60):
    """A connection to a port of this host or a socket's path, as soon as somebody listens."""
    end = time.monotonic() + patience
    while True:
        try:
            if isinstance(where, int):
                s = socket.create_connection(('127.0.0.1', where))
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return s
            s = socket.socket(socket.AF_UNIX)
            s.connect(where)
            return s
        except OSError:
            s = None
            if time.monotonic() > end:
                raise
            time.sleep(0.05)

def text(n, size=100):
    """Something that depends on n in all its length."""
    h = hashlib.md5(b'%d' % n).hexdigest()
    return (h * (size // 32 + 1))[:size]

def expect(what, got, want):
    if got != want:
        raise AssertionError('%s: %.100r for %.100r' % (what, got, want))

def run(turn, warm=20, final=None):
    """Calls turn(n) until the verdict is wanted, then final(number of turns)."""
    n = 0
    try:
        while not have('verify'):
            turn(n)
            n += 1
            if n == warm:
                put('ready', '')
        if final:
            final(n)
        verdict = 'PASS\n'
    except Exception as e:
        traceback.print_exc()
        verdict = 'FAIL: turn %d: %s: %s\n' % (n, type(e).__name__, str(e).replace('\n', ' '))
    put('result', verdict)
    return verdict == 'PASS\n'

def end(good, *servers):
    """Ends the servers, which must not have ended before."""
    for s in servers:
        if s.poll() is not None and good:
            os.unlink(path('result'))
            put('result', 'FAIL: a server has ended with %d\n' % s.returncode)
            good = False
        if s.poll() is None:
            s.send_signal(signal.SIGTERM)
    for s in servers:
        s.wait()
    sys.exit(0 if good else 1)
