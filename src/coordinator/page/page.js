// SPDX-License-Identifier: Apache-2.0
//
// The page: signs in, follows the events, and shows the view that the address names, anew with
// each event and every two seconds. What is asked for is only what is seen.
import { act, notice } from "./act.js";
import { Failure, follow, get, session, signIn, signOut } from "./api.js";
import { by, element, morph } from "./dom.js";
import * as events from "./events.js";
import * as jobs from "./jobs.js";
import * as nodes from "./nodes.js";

const EVERY_MS = 2000;
const AGAIN_MS = 150; /* events that come together are one reason to look */
const ROWS = 50;
const SPAN_MS = 600000, STALE_MS = 15000; /* of samples */

const list = () => ({ offset: 0, limit: ROWS, search: "", state: "" });
const lists = { nodes: list(), jobs: list() };
const data = { nodes: [], jobs: [], events: [], history: new Map(), up: [], total: 0, now: 0 };
let source = null, timer = 0, busy = false, again = false, signed = false, event_id = 0;

/* ---- what is asked ---- */

const query = (l) => new URLSearchParams(
	Object.entries(l).filter(([, v]) => v !== "")).toString();

/*
 * The samples of the last ten minutes: asked for once, then a node's own row is the next one.
 */
async function remember(node) {
	const from = data.now - SPAN_MS;
	let samples = (data.history.get(node.name) || []).filter((s) => s.at_ms >= from);
	const last = samples.length ? samples[samples.length - 1].at_ms : 0;

	if (data.now - last > STALE_MS && node.state === "up")
		samples = (await get(`/v1/nodes/${encodeURIComponent(node.name)}/history`)).samples;
	else if (node.state === "up")
		samples.push({ ...node, at_ms: data.now - node.heard_ms });
	data.history.set(node.name, samples);
}

const views = {
	async nodes(name) {
		if (name) {
			data.node = await get(`/v1/nodes/${encodeURIComponent(name)}`);
			data.jobs = (await get(`/v1/jobs?over=false&limit=100&node=${
				encodeURIComponent(name)}`)).jobs;
			await remember(data.node);
			return nodes.one(data);
		}
		Object.assign(data, await get(`/v1/nodes?${query(lists.nodes)}`));
		await Promise.all(data.nodes.map(remember));
		return nodes.list(data, lists.nodes);
	},
	async jobs(id) {
		if (id) {
			data.job = await get(`/v1/jobs/${encodeURIComponent(id)}`);
			data.up = (await get("/v1/nodes?state=up&limit=1000")).nodes.map((n) => n.name);
			return jobs.one(data);
		}
		Object.assign(data, await get(`/v1/jobs?${query(lists.jobs)}`));
		return jobs.list(data, lists.jobs);
	},
	async events() {
		return events.list(data);
	},
};

function place() {
	const [view, ...rest] = decodeURIComponent(location.hash.slice(1) || "nodes").split("/");

	return { view: views[view] ? view : "nodes", which: rest.join("/") };
}

/* ---- what is shown ---- */

function tiles(c) {
	const tile = (href, number, text, mood) => element("li", {}, element("a", { href },
		element("b", { class: number && mood }, String(number)), element("span", {}, text)));
	const n = c.nodes, j = c.jobs;

	return element("ul", {},
		tile("#nodes", n.up || 0, "nodes up", "good"),
		tile("#nodes", (n.lost || 0) + (n.suspect || 0), "nodes lost or suspect", "bad"),
		tile("#jobs", (j.running || 0) + (j.checkpointing || 0), "jobs running", "good"),
		tile("#jobs", (j.waiting || 0) + (j.recovering || 0) + (j.starting || 0),
		     "jobs waiting or recovering", "warn"),
		tile("#jobs", c.unprotected, "jobs unprotected", "bad"),
		tile("#jobs", (j.failed || 0) + (j.lost || 0), "jobs failed or lost", "bad"),
		tile("#events", c.event, "events"));
}

function mark(view) {
	for (const a of by("views").children) {
		if (a.hash === `#${view}`)
			a.setAttribute("aria-current", "page");
		else
			a.removeAttribute("aria-current");
	}
}

function link(text, mood) {
	if (by("link").textContent !== text)
		by("link").textContent = text;
	by("link").className = mood;
}

function show(what) {
	by("sign-in").hidden = what !== "sign-in";
	by("view").hidden = by("views").hidden = by("sign-out").hidden = what === "sign-in";
	if (what === "sign-in") {
		link("signed out", "");
		by("token").focus();
	}
}

/* ---- the course ---- */

async function look() {
	const at = place(), cluster = await get("/v1/cluster");

	data.now = cluster.at_ms;
	by("cluster").textContent = cluster.name || "Cairn";
	document.title = `${cluster.name || "Cairn"}: ${at.which || at.view}`;
	const content = await views[at.view](at.which);
	const now = place();
	if (now.view !== at.view || now.which !== at.which)
		return;
	mark(at.view);
	morph(by("tiles"), tiles(cluster));
	morph(by("content"), element("div", {}, content));
	if (by("view").dataset.at !== location.hash)
		by("view").dataset.at = location.hash;
	link("live", "good");
}

async function refresh() {
	clearTimeout(timer);
	again = busy;
	if (busy || !signed)
		return;
	busy = true;
	try {
		await look();
	} catch (e) {
		if (e.status === 401)
			out();
		else if (!e.status)
			link(`${e.message}; trying again`, "bad");
		else
			morph(by("content"), element("div", {},
				element("p", { class: "bad", role: "alert" }, e.message)));
		if (!(e instanceof Failure))
			throw e;
	} finally {
		busy = false;
		clearTimeout(timer);
		timer = setTimeout(refresh, again ? AGAIN_MS : EVERY_MS);
	}
}

function soon() {
	clearTimeout(timer);
	timer = setTimeout(refresh, AGAIN_MS);
}

function on_event(e) {
	if (e.id <= event_id)
		return;
	event_id = e.id;
	data.events.unshift(e);
	data.events.length = Math.min(data.events.length, events.MOST);
	soon();
}

/* The stream ends when the coordinator does; the browser gives up only if it is refused. */
function listen() {
	source = follow(event_id, on_event, (up, over) => {
		if (up)
			return;
		link("the coordinator does not answer; trying again", "bad");
		if (over) {
			source.close();
			setTimeout(() => signed && listen(), EVERY_MS);
		}
	});
}

function out() {
	signed = false;
	if (source)
		source.close();
	show("sign-in");
}

async function enter() {
	const { event } = await get("/v1/cluster");

	signed = true;
	event_id = Math.max(0, event - events.MOST);
	data.events = [];
	show("view");
	listen();
	await refresh();
}

/* ---- what a person does ---- */

document.addEventListener("click", (e) => {
	const b = e.target.closest("button[data-do]");

	if (!b)
		return;
	if (b.dataset.do === "page") {
		const l = lists[place().view];

		l.offset = Math.max(0, l.offset + Number(b.dataset.by));
		refresh();
	} else {
		act(b, data);
	}
});

document.addEventListener("input", (e) => {
	const form = e.target.closest("form[data-do=filter]");

	if (form)
		Object.assign(lists[place().view], Object.fromEntries(new FormData(form)), { offset: 0 });
	if (form)
		soon();
});

document.addEventListener("submit", (e) => {
	if (e.target.dataset.do === "filter")
		e.preventDefault();
});

window.addEventListener("hashchange", () => {
	by("content").replaceChildren();
	window.scrollTo(0, 0);
	refresh();
	by("main").focus();
});

by("sign-in-form").addEventListener("submit", async (e) => {
	e.preventDefault();
	by("sign-in-error").textContent = "";
	try {
		await signIn(by("token").value.trim());
		by("token").value = "";
		await enter();
	} catch (error) {
		by("sign-in-error").textContent = error.status === 401 ?
			"That is not the token of this coordinator." : error.message;
	}
});

by("sign-out").addEventListener("click", async () => {
	try {
		await signOut();
	} catch (e) {
		notice(e.message);
	}
	out();
});

/* Until the coordinator answers for the first time: a page that was open may be older than it. */
async function begin() {
	try {
		await session();
		await enter();
	} catch (e) {
		if (e.status === 401)
			out();
		else
			setTimeout(begin, EVERY_MS);
		if (e.status !== 401)
			link(`${e.message}; trying again`, "bad");
	}
}

begin();
