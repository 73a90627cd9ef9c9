#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Asks a coordinator over HTTP all that doc/openapi.json says it answers, and holds the answers
# against it; signs in, as a browser does and as it must not; and is in the way as best it can.
# Usage: http-api.py OPENAPI ROUTES HOST:PORT TOKENFILE LINKCOMMAND [tls]
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time

import jsonschema

openapi_path, routes_path, address, token_path, link_command = sys.argv[1:6]
tls = len(sys.argv) > 6
spec = json.load(open(openapi_path))
token = open(token_path).read().strip()
host, port = address.rsplit(':', 1)
failures = 0


def check(ok, what, detail=''):
    global failures
    failures += not ok
    print(f'ok: {what}' if ok else f'FAIL: {what}: {detail}', flush=True)


def connect(timeout=60):
    if tls:
        return http.client.HTTPSConnection(host, int(port), timeout=timeout,
                                           context=ssl._create_unverified_context())
    return http.client.HTTPConnection(host, int(port), timeout=timeout)


def ask(method, path, body=None, bearer=True, **headers):
    """Status, headers, body as text."""
    headers = {k.replace('_', '-'): v for k, v in headers.items()}
    if bearer:
        headers['Authorization'] = 'Bearer ' + token
    if isinstance(body, dict):
        body = json.dumps(body)
        headers['Content-Type'] = 'application/json'
    c = connect()
    c.request(method, path, body, headers)
    r = c.getresponse()
    answer = r.status, r.headers, r.read().decode()
    c.close()
    return answer


def raw(data, wait=20, half=False):
    """What is told to these bytes."""
    s = socket.create_connection((host, int(port)), wait)
    if tls:
        s = ssl._create_unverified_context().wrap_socket(s)
    try:
        s.sendall(data)
        if half:
            s.shutdown(socket.SHUT_WR)
        got = b''
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
    except (ConnectionError, ssl.SSLError, socket.timeout):
        pass
    s.close()
    return got.decode(errors='replace')


# ---- answers against the file

def fits(schema, value):
    resolver = jsonschema.RefResolver('', spec)
    errors = list(jsonschema.Draft4Validator(schema, resolver=resolver).iter_errors(value))
    return '; '.join(f'{list(e.absolute_path)}: {e.message[:200]}' for e in errors[:3])


def response_schema(path, method, status):
    responses = spec['paths'][path][method.lower()]['responses']
    r = responses.get(str(status)) or responses['default']
    if '$ref' in r:
        r = spec['components']['responses'][r['$ref'].split('/')[-1]]
    return r.get('content', {}).get('application/json', {}).get('schema')


def held(path, method='GET', want=200, body=None, query='', **values):
    """Asks, and holds status and answer against the file."""
    url = path
    for k, v in values.items():
        url = url.replace('{' + k + '}', v)
    status, headers, text = ask(method, url + query, body)
    what = f'{method} {url}{query}'
    check(status == want, f'{what} is {want}', f'{status} {text[:300]}')
    value = json.loads(text)
    wrong = fits(response_schema(path, method, status), value)
    check(not wrong, f'{what} is as described', wrong)
    check(headers['Content-Type'] == 'application/json', f'{what} is JSON', headers)
    return value


def until(condition, what):
    end = time.time() + 60
    while not (ok := condition()) and time.time() < end:
        time.sleep(0.2)
    check(ok, what)


def paths():
    there = {(m.upper(), p) for p, o in spec['paths'].items() for m in o}
    served = set(re.findall(r'^ROUTE\((\w+), "([^"]*)"', open(routes_path).read(), re.M))
    check(there == served and served, 'the file names the paths that there are',
          there ^ served)


def objects():
    held('/v1/cluster')
    jobs = held('/v1/jobs')['jobs']
    check([j['name'] for j in jobs] == ['job'], 'the job', jobs)
    check(held('/v1/jobs', query='?after=%d' % jobs[-1]['id'])['jobs'] == [], 'none behind it')
    held('/v1/jobs', query='?limit=1&over=false')
    held('/v1/jobs', query='?limit=0', want=400)
    for query, n in [('search=jo', 1), ('search=ob&state=nothing', 0), ('search=xx', 0),
                     ('node=' + str(held('/v1/jobs/{id}', id='job')['placement'][0]['node']), 1),
                     ('node=nobody', 0)]:
        found = held('/v1/jobs', query='?' + query)
        check((len(found['jobs']), found['total']) == (n, n), f'{n} with {query}', found)
    found = held('/v1/jobs', query='?offset=1')
    check((found['jobs'], found['total']) == ([], 1), 'behind the first one', found)
    held('/v1/jobs', query='?search=' + 'x' * 200, want=400)
    held('/v1/jobs', query='?over=perhaps', want=400)
    job = held('/v1/jobs/{id}', id='job')
    check(job['placement'][0]['node'] in ('node1', 'node2'), 'where its member is', job)
    last = [k for k in job['checkpoints'] if k['committed']][-1]
    check(len(last['images']) >= 2 and last['wall_ms'] > 0 and last['bytes'] > 0 and
          last['stall_ms'] > 0, 'its checkpoint: copies, size and times', last)
    check({i['node'] for i in last['images']} == {'node1', 'node2'}, 'where each copy lies', last)
    held('/v1/jobs/{id}', id=str(job['id']))
    for name in ['nobody', '%2e%2e', '..', 'x' * 300, 'a%00b', '%0d%0aX:%20y']:
        held('/v1/jobs/{id}', id=name, want=404)
    nodes = held('/v1/nodes')['nodes']
    check(len(nodes) == 2, 'two nodes', nodes)
    found = held('/v1/nodes', query='?limit=1&offset=1&state=up')
    check((found['nodes'][0]['name'], found['total']) == (nodes[1]['name'], 2), 'the second', found)
    check(held('/v1/nodes/{name}', name='node1')['name'] == 'node1', 'one of them')
    held('/v1/nodes/{name}', name='nobody', want=404)
    until(lambda: json.loads(ask('GET', '/v1/nodes/node1/history')[2])['samples'], 'its past')
    samples = held('/v1/nodes/{name}/history', name='node1')['samples']
    check(samples[-1]['memory_bytes'] > 0, 'with its memory', samples)
    later = held('/v1/nodes/{name}/history', name='node1',
                 query='?since=%d' % samples[-1]['at_ms'])['samples']
    check(all(s['at_ms'] > samples[-1]['at_ms'] for s in later), 'and what is behind', later)
    held('/v1/nodes/{name}/history', name='nobody', want=404)
    events = held('/v1/events')['events']
    check(held('/v1/events', query='?since=%d' % events[-2]['id'])['events'][0] == events[-1],
          'events behind one')
    check(len(held('/v1/events', query='?limit=1')['events']) == 1, 'one event')
    held('/v1/openapi.json')
    check(json.loads(ask('GET', '/v1/openapi.json')[2]) == spec, 'the file itself')
    held('/health')
    held('/v1/session', want=404)


def runs():
    return json.loads(ask('GET', '/v1/jobs/job')[2])['state'] in ('running', 'checkpointing')


def actions():
    job = held('/v1/jobs/{id}', id='job')
    before, here = job['number'], job['placement'][0]['node']
    done = held('/v1/jobs/{id}/checkpoint', 'POST', id='job', body={})
    check(done['done'] and done['job']['number'] > before, 'a checkpoint', done)
    held('/v1/jobs/{id}/checkpoint', 'POST', id='nobody', want=404)
    held('/v1/jobs/{id}/checkpoint', 'POST', id='job', query='?wait=61', want=400)
    held('/v1/jobs/{id}/restart', 'POST', id='job', want=409)
    done = held('/v1/nodes/{name}/drain', 'POST', name=here, query='?wait=50')
    check(done['done'] and done['node']['state'] == 'drained', 'a node is drained', done)
    until(runs, 'the job goes on elsewhere')
    check(held('/v1/jobs/{id}', id='job')['placement'][0]['node'] != here, 'on the other one')
    held('/v1/nodes/{name}/undrain', 'POST', name=here)
    held('/v1/nodes/{name}/drain', 'POST', name='nobody', want=404)
    status, headers, text = ask('GET', '/metrics')
    check(re.search(r'^cairn_job_migrations_total\{id="1",job="job"\} 1$', text, re.M),
          'the metrics say that it has moved', text[:200])
    later = held('/v1/jobs/{id}/checkpoint', 'POST', id='job', query='?wait=0', want=202)
    check(not later['done'], 'who does not wait is told that it is under way', later)


# ---- the stream

def stream(since=None, last=None, count=1):
    """Events of the stream, until there are so many."""
    headers = {'Authorization': 'Bearer ' + token}
    if last is not None:
        headers['Last-Event-ID'] = str(last)
    c = connect()
    c.request('GET', '/v1/events/stream' + ('' if since is None else f'?since={since}'), None,
              headers)
    r = c.getresponse()
    check(r.status == 200 and r.headers['Content-Type'] == 'text/event-stream', 'a stream')
    got = []
    while len(got) < count:
        line = r.fp.readline() if not r.chunked else r.readline()
        if not line:
            break
        if line.startswith(b'data: '):
            got.append(json.loads(line[6:]))
    r.close()
    return got


def streams():
    first = stream(count=3)
    check([e['id'] for e in first] == [1, 2, 3], 'from the first on', first)
    check(not fits({'$ref': '#/components/schemas/Event'}, first[0]), 'each is an event')
    again = stream(last=2, count=1)
    check(again[0]['id'] == 3, 'behind the last that was seen', again)
    newest = json.loads(ask('GET', '/v1/cluster')[2])['event']
    c = connect()
    c.request('GET', f'/v1/events/stream?since={newest}', None,
              {'Authorization': 'Bearer ' + token})
    r = c.getresponse()
    ask('POST', '/v1/jobs/job/checkpoint')
    while not (line := r.readline()).startswith(b'data: '):
        pass
    check(json.loads(line[6:])['id'] > newest, 'as it happens', line)
    r.close()
    many = []
    for i in range(40):
        c = connect()
        c.request('GET', '/v1/events/stream', None, {'Authorization': 'Bearer ' + token})
        many.append((c, c.getresponse()))
    statuses = [r.status for c, r in many]
    check(statuses[0] == 200 and statuses[-1] == 503, 'so many and no more', statuses)
    check(ask('GET', '/v1/cluster')[0] == 200, 'the others are answered meanwhile')
    for c, r in many:
        r.close()
        c.close()
    until(lambda: re.search(r'^cairn_http_streams 0$', ask('GET', '/metrics')[2], re.M),
          'who has gone is forgotten')


# ---- browsers

def link():
    return subprocess.run(link_command, shell=True, capture_output=True, text=True,
                          check=True).stdout.split()[0]


def follow(url):
    scheme, rest = url.split('://')
    where, path = rest.split('/', 1)
    return where, ask('GET', '/' + path, bearer=False, Host=where)


def cookie_of(headers):
    return headers['Set-Cookie'].split(';')[0]


def browsers():
    url = link()
    check(url.startswith('https://' if tls else 'http://'), 'crctl dashboard prints a link', url)
    where, (status, headers, text) = follow(url)
    check(status == 303 and headers['Location'] == '/', 'which signs in', (status, text))
    set_cookie = headers['Set-Cookie']
    check(all(w in set_cookie for w in ['HttpOnly', 'SameSite=Strict', 'Max-Age=', 'Path=/']) and
          ('Secure' in set_cookie) == tls, 'by a cookie that scripts do not get', set_cookie)
    check(follow(url)[1][0] == 403, 'once')
    cookie = cookie_of(headers)
    own = dict(bearer=False, Cookie='a=b; ' + cookie, Host=where)
    status, headers, text = ask('GET', '/v1/session', **own)
    session = json.loads(text)
    check(status == 200 and not fits(response_schema('/v1/session', 'GET', 200), session),
          'the session', text)
    csrf = session['csrf']
    origin = ('https://' if tls else 'http://') + where
    post = '/v1/jobs/job/checkpoint'
    check(ask('GET', '/v1/jobs', **own)[0] == 200, 'the cookie is enough to read')
    check(ask('POST', post, **own)[0] == 403, 'and not to do anything')
    check(ask('POST', post, Origin=origin, **own)[0] == 403, 'nor with an Origin')
    check(ask('POST', post, X_CSRF_Token=csrf, **own)[0] == 403, 'nor with the CSRF token')
    check(ask('POST', post, X_CSRF_Token=csrf, Origin='http://evil.example', **own)[0] == 403,
          'nor from another page')
    check(ask('POST', post, X_CSRF_Token='0' * 64, Origin=origin, **own)[0] == 403,
          'nor with a wrong token')
    check(ask('POST', post, X_CSRF_Token=csrf, Origin='null', **own)[0] == 403, 'nor from a frame')
    check(ask('POST', post, X_CSRF_Token=csrf, Origin=origin, **own)[0] == 200, 'but with both')
    rebound = dict(own, Host='evil.example')
    check(ask('GET', '/v1/jobs', **rebound)[0] == 421, 'a name that was pointed here is refused')
    check(ask('GET', '/v1/jobs', bearer=False, Cookie=cookie[:-1] + 'x')[0] == 401,
          'another cookie')
    status, headers, text = ask('POST', '/v1/sign-out', X_CSRF_Token=csrf, Origin=origin, **own)
    check(status == 200 and 'Max-Age=0' in headers['Set-Cookie'], 'signed out', text)
    check(ask('GET', '/v1/jobs', **own)[0] == 401, 'the cookie is worth nothing then')
    status, headers, text = ask('POST', '/v1/sign-in', {'token': token}, bearer=False, Host=where)
    check(status == 200 and not fits(response_schema('/v1/sign-in', 'POST', 200),
                                     json.loads(text)), 'signed in by the token', text)
    check(ask('GET', '/v1/jobs', bearer=False, Cookie=cookie_of(headers), Host=where)[0] == 200,
          'and the cookie is good')
    check(ask('POST', '/v1/sign-in', {'token': token}, bearer=False, Host=where,
              Origin='http://evil.example')[0] == 403, 'not from another page')
    for body in ['', '{', '[]', '{"token":5}', '{"token":""}', '{"token":"\\u0000"}', 'null']:
        check(ask('POST', '/v1/sign-in', body, bearer=False, Host=where)[0] == 400,
              f'{body!r} is no token')
    wrong = [ask('POST', '/v1/sign-in', {'token': 'x' * 20}, bearer=False, Host=where)[0]
             for i in range(60)]
    check(wrong[0] in (403, 429) and 429 in wrong, 'who guesses is slowed down', wrong)
    check(ask('GET', '/v1/jobs')[0] == 200, 'and nobody else')
    return cookie_of(headers)


def safe_headers():
    for path in ['/health', '/v1/jobs', '/nothing']:
        headers = ask('GET', path)[1]
        check(headers['Cache-Control'] == 'no-store' and
              headers['X-Content-Type-Options'] == 'nosniff' and
              headers['X-Frame-Options'] == 'DENY' and
              "default-src 'none'" in headers['Content-Security-Policy'],
              f'{path} is not kept, framed or guessed at', headers)
    status, headers, text = ask('GET', '/health', bearer=False)
    check(status == 200 and json.loads(text) == {'ok': True, 'reason': ''},
          '/health needs no token, and tells no more', text)
    status, headers, text = ask('DELETE', '/v1/jobs')
    check(status == 405 and headers['Allow'] == 'GET, HEAD', 'another method', (status, text))
    status, headers, text = ask('GET', '/v1/jobs/job/kill')
    check(status == 405 and headers['Allow'] == 'POST', 'what is done is not asked by GET', text)


# ---- the hostile

def request(line, *headers):
    return ('\r\n'.join([line, 'Host: x', 'Authorization: Bearer ' + token, *headers]) +
            '\r\n\r\n').encode()


def status_of(text):
    return text.split(' ', 2)[1] if text.startswith('HTTP/1.1 ') else text[:40]


def hostile():
    for what, data, want in [
            ('a body where none belongs', request('GET /v1/jobs HTTP/1.1', 'Content-Length: 5'),
             '413'),
            ('a body that is too large', request('POST /v1/jobs/job/kill HTTP/1.1',
                                                 'Content-Length: 99999'), '413'),
            ('a length that is none', request('POST /v1/jobs/job/kill HTTP/1.1',
                                              'Content-Length: -1'), '400'),
            ('two lengths', request('POST /v1/jobs/job/kill HTTP/1.1', 'Content-Length: 0',
                                    'Content-Length: 5'), '400'),
            ('a length and pieces', request('POST /v1/jobs/job/kill HTTP/1.1',
                                            'Transfer-Encoding: chunked'), '411'),
            ('headers without end', b'GET / HTTP/1.1\r\nX: ' + b'y' * 20000, '431'),
            ('a zero', request('GET /v1/jobs\0 HTTP/1.1'), '400'),
            ('no path', request('GET http://[ HTTP/1.1'), '400'),
            ('two credentials', request('GET /v1/jobs HTTP/1.1', 'Authorization: x'), '400'),
            ('another protocol', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '505'),
            ('above the top', request('GET /../../../../etc/passwd HTTP/1.1'), '404'),
            ('the same, coded', request('GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1'), '404'),
            ('slashes', request('GET //v1//jobs HTTP/1.1'), '404'),
            ('a job that is a path', request('GET /v1/jobs/..%2f..%2fnodes HTTP/1.1'), '404'),
            ('not the whole name', request('GET /v1/jobs/job/ HTTP/1.1'), '404')]:
        got = status_of(raw(data))
        check(got == want, f'{what} is {want}', got)
    check(status_of(raw(request('GET /v1/jobs HTTP/1.1'), half=not tls)) == '200',
          'who closes his side is answered')
    old = raw(request('GET /v1/jobs HTTP/1.0'))
    check('chunked' not in old and json.loads(old.split('\r\n\r\n', 1)[1])['jobs'],
          'to HTTP/1.0 without pieces', old[:300])
    quiet = []
    for i in range(300):
        try:
            s = socket.create_connection((host, int(port)), 1)
        except OSError:
            break
        s.send(b'GET /v1/')
        quiet.append(s)
    began = time.time()
    check(ask('GET', '/v1/cluster')[0] == 200,
          f'{len(quiet)} who say half a word keep nobody out')
    check(time.time() - began < 20, 'nor for long', time.time() - began)
    for s in quiet:
        s.close()


paths()
until(lambda: ask('GET', '/health')[0] == 200, 'all is well after a while')
until(runs, 'the job runs')
safe_headers()
objects()
actions()
streams()
browsers()
hostile()
sys.exit(failures != 0)
