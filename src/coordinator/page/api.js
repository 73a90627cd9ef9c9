// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's HTTP, as in openapi.json: reading, acting, and events as they come.

export class Failure extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

let csrf = "";

async function ask(path, options = {}) {
	let answer;

	try {
		answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
	} catch (e) {
		throw new Failure(0, "the coordinator does not answer");
	}
	const text = await answer.text();
	let body = {};
	try {
		body = text ? JSON.parse(text) : {};
	} catch (e) {
		body = { error: text.trim() };
	}
	if (!answer.ok)
		throw new Failure(answer.status, body.error || `HTTP ${answer.status}`);
	return body;
}

export const get = (path) => ask(path);

export function post(path, body = {}) {
	return ask(path, {
		method: "POST",
		headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
		body: JSON.stringify(body),
	});
}

/* Whether we are signed in; what the session is allowed to do comes with it. */
export async function session() {
	const s = await ask("/v1/session");

	csrf = s.csrf || "";
	return s;
}

export async function signIn(token) {
	await post("/v1/sign-in", { token });
	return session();
}

export async function signOut() {
	await post("/v1/sign-out");
	csrf = "";
}

/* Events behind number since; the browser connects again by itself. */
export function follow(since, onEvent, onLink) {
	const source = new EventSource(`/v1/events/stream?since=${since}`);

	source.onopen = () => onLink(true);
	source.onerror = () => onLink(false, source.readyState === EventSource.CLOSED);
	source.addEventListener("event", (m) => onEvent(JSON.parse(m.data)));
	return source;
}
