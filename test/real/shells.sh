#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bash, dash and a shell under script(1) on terminals of their own, with a stopped job, one in the
# background and one that is typed into; then fg, bg, ^C and ^Z. Also top, which draws all the time.
# options: more=120
set -u
for p in /usr/bin/python3 dash script top; do
	command -v $p >/dev/null || { echo "skip: no $p" >&2; exit 77; }
done
export TERM=xterm LC_ALL=C.UTF-8
exec /usr/bin/python3 - "$1" <<'END'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

# Whoever runs the tests in the background of a script has these ignored, and ^C would do nothing.
for s in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
    signal.signal(s, signal.SIG_DFL)

work = sys.argv[1]
have = lambda name: os.path.exists(os.path.join(work, name))

def put(name, text):
    with open(os.path.join(work, name + '.new'), 'w') as f:
        f.write(text)
    os.rename(os.path.join(work, name + '.new'), os.path.join(work, name))

class Fault(Exception):
    pass

class Terminal:
    def __init__(self, *command):
        self.command, self.seen = command, b''
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ['PS1'] = 'now> '
            os.environ['HISTFILE'] = '/dev/null'
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        self.seen += os.read(self.fd, 65536)
        return True

    def forget(self):
        while self.read(0):
            pass
        self.seen = b''

    def expect(self, pattern, seconds=float(os.environ.get("CR_WAIT", 60))):
        end = time.time() + seconds
        while not re.search(pattern.encode(), self.seen):
            if time.time() > end:
                raise Fault('%s: no %r in %r' % (self.command[0], pattern, self.seen[-600:]))
            self.read(0.1)
        end = re.search(pattern.encode(), self.seen).end()
        before, self.seen = self.seen[:end], self.seen[end:]
        return before

    def end(self):
        self.type('exit\nexit\n')
        deadline = time.time() + 60
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            try:
                self.read(0.1)
            except OSError:
                pass
            if time.time() > deadline:
                raise Fault('%s does not end' % self.command[0])

def begin(t):
    t.expect('now> ')
    t.type("sh -c 'echo u''p; exec sleep 1000'\n")
    t.expect('[\r\n]up\r\n')
    time.sleep(0.2)
    t.type('\x1a')
    t.expect('Stopped')
    t.expect('now> ')
    t.type('sleep 2000 &\n')
    t.expect('now> ')
    t.type("sh -c 'echo u''p; exec cat'\n")
    t.expect('[\r\n]up\r\n')
    t.type('first\n')
    t.expect('first\r\nfirst\r\n')
    t.type('half a li')
    t.expect('half a li')

def go_on(t):
    if t.seen:
        raise Fault('%s: came of itself: %r' % (t.command[0], t.seen))
    t.type('ne\n')
    t.expect('ne\r\nhalf a line\r\n')
    t.type('\x1a')
    t.expect('Stopped')
    t.expect('now> ')
    t.type('jobs\n')
    jobs = t.expect('now> ')
    for line in 'Stopped.*sleep 1000', 'Running.*sleep 2000', 'Stopped.*cat':
        if not re.search(line.encode(), jobs):
            raise Fault('%s: no %s in %r' % (t.command[0], line, jobs))
    t.type('bg %1\n')
    t.expect('sleep 1000')
    t.expect('now> ')
    t.type('fg %1\n')
    t.expect('sleep 1000[\'"]?\r\n')
    time.sleep(0.3)
    t.type('\x03')
    t.expect('now> ')
    t.type('echo status-$?\n')
    t.expect('status-130')
    t.expect('now> ')
    t.type('fg %3\n')
    t.expect('cat[\'"]?\r\n')
    time.sleep(0.3)
    t.type('again\n')
    t.expect('again\r\nagain\r\n')
    t.type('\x04')
    t.expect('now> ')
    t.type('kill %2\n')
    t.expect('now> ')
    t.type('tty\n')
    t.expect('/dev/pts/[0-9]+')
    t.end()

try:
    shells = [Terminal('bash', '--norc', '--noprofile', '-i'), Terminal('dash', '-i'),
              Terminal('script', '-q', '-c', 'env PS1="now> " bash --norc --noprofile -i',
                       '/dev/null')]
    for t in shells:
        begin(t)
    top = Terminal('top', '-d', '0.5')
    top.expect('PID')
    for t in shells:
        t.forget()
    put('ready', '')
    drawn = 0
    while not have('verify'):
        if top.read(0.1):
            drawn += 1
        for t in shells:
            t.read(0)
            if t.seen:
                raise Fault('%s: came of itself: %r' % (t.command[0], t.seen))
    top.forget()
    top.expect('load average')
    top.type('q')
    if os.waitpid(top.pid, 0)[1]:
        raise Fault('top')
    for t in shells:
        go_on(t)
    put('result', 'PASS\n')
except Fault as fault:
    put('result', 'FAIL: %s\n' % fault)
    sys.exit(1)
END
