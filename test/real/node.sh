#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# node with an HTTP server, kept connections to it, timers, worker threads and a child process.
# options: more=90
work=$1
command -v node >/dev/null || { echo 'skip: no node' >&2; exit 77; }
cat >"$work/job.js" <<'JS'
const fs = require('fs'), http = require('http'), crypto = require('crypto')
const { Worker, isMainThread, parentPort } = require('worker_threads')
const { spawn } = require('child_process')
const work = process.argv[2]
const hash = (s) => crypto.createHash('sha256').update(s).digest('hex')
const text = (n) => hash('' + n).repeat(1 + n % 300)

function put(name, text) {
	fs.writeFileSync(work + '/' + name + '.new', text)
	fs.renameSync(work + '/' + name + '.new', work + '/' + name)
}

if (!isMainThread) {
	parentPort.on('message', (n) => parentPort.postMessage([n, hash(text(n))]))
} else {
	main().then(() => finish('PASS\n'), (e) => finish('FAIL: ' + e.message + '\n'))
}

function finish(verdict) {
	put('result', verdict)
	process.exit(verdict === 'PASS\n' ? 0 : 1)
}

function expect(what, got, want) {
	if (got !== want)
		throw new Error(`${what}: ${got} for ${want}`)
}

async function main() {
	const server = http.createServer((request, response) => {
		let body = ''
		request.on('data', (d) => body += d)
		const answer = () => response.end(hash(body))
		request.on('end', () => setTimeout(answer, body.length % 3))
	})
	await new Promise((done) => server.listen(0, '127.0.0.1', done))
	const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
	const post = (body) => new Promise((done, failed) => {
		const where = { port: server.address().port, host: '127.0.0.1', agent }
		const request = http.request({ method: 'POST', ...where }, (response) => {
			let answer = ''
			response.on('data', (d) => answer += d)
			response.on('end', () => done(answer))
		})
		request.on('error', failed)
		request.end(body)
	})
	const workers = [new Worker(__filename), new Worker(__filename)]
	const ask = (w, n) => new Promise((done) => {
		w.once('message', done)
		w.postMessage(n)
	})
	const cat = spawn('cat')
	let pending = '', waiting = null
	cat.stdout.on('data', (d) => {
		pending += d
		if (pending.endsWith('\n') && waiting) {
			const got = pending
			pending = ''
			waiting(got)
		}
	})
	const echo = (line) => new Promise((done) => {
		waiting = done
		cat.stdin.write(line + '\n')
	})
	let ticks = 0
	const timer = setInterval(() => ticks++, 5)
	for (let n = 0; !fs.existsSync(work + '/verify'); n++) {
		const each = [0, 1, 2, 3, 4, 5, 6, 7]
		const answers = await Promise.all(each.map((k) => post(text(n + k))))
		answers.forEach((a, k) => expect('answer', a, hash(text(n + k))))
		const thought = await Promise.all(workers.map((w) => ask(w, n)))
		thought.forEach((t) => expect('worker', t.join(), n + ',' + hash(text(n))))
		expect('cat', await echo('line ' + n), 'line ' + n + '\n')
		if (n === 20)
			put('ready', '')
	}
	if (ticks < 10)
		throw new Error('the timer does not tick')
	clearInterval(timer)
}
JS
exec node "$work/job.js" "$work"
