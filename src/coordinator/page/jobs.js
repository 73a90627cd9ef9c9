// SPDX-License-Identifier: Apache-2.0
//
// The jobs: all of them, and one with its members, its checkpoints and where each copy lies.
import { element } from "./dom.js";
import { filter, pager, state, table } from "./table.js";
import { ago, bytes, duration } from "./units.js";

export const states = ["starting", "running", "checkpointing", "ending", "waiting", "recovering",
		       "stopped", "ended", "failed", "lost", "unprotected"];

const over = (j) => ["stopped", "ended", "failed", "lost"].includes(j.state);

function protection(j) {
	if (over(j))
		return "";
	if (j.unprotected)
		return element("span", { class: "bad" }, `unprotected: ${j.unprotected_why}`);
	return j.checkpoint ? element("span", { class: "good" }, "protected") : "not yet";
}

function columns(now) {
	return [
		{ title: "Job", cell: (j) => element("a", { href: `#jobs/${j.id}` }, j.job) },
		{ title: "State", cell: (j) => [state(j.state),
			j.why ? element("span", { class: "soft" }, ` ${j.why}`) : null] },
		{ title: "Protection", cell: protection },
		{ title: "Members", number: true, cell: (j) => String(j.members) },
		{ title: "Checkpoint", cell: (j) => j.checkpoint ?
			`${j.checkpoint}, ${ago(j.committed_ms, now)}` : "none" },
		{ title: "Stall", number: true, cell: (j) => j.checkpoint ? duration(j.stall_ms) : "" },
		{ title: "Duration", number: true,
		  cell: (j) => j.checkpoint ? duration(j.wall_ms) : "" },
		{ title: "Restarts", number: true, cell: (j) => String(j.restarts) },
		{ title: "Command", cell: (j) => element("code", {}, j.command.slice(0, 120)) },
	];
}

/* Of those of one node: without what is of no use there. */
export function columns_here(now) {
	return columns(now).filter((c) => !["Stall", "Duration", "Restarts"].includes(c.title));
}

export function list(data, of) {
	return [
		filter(of, states),
		table("Jobs", columns(data.now), data.jobs, (j) => j.id),
		pager(of, data.total),
	];
}

function facts(j, now) {
	return element("dl", {}, [
		["State", [state(j.state), j.why ? ` ${j.why}` : ""]],
		["Protection", protection(j)],
		["Number", String(j.id)],
		["Began", ago(j.began_ms, now)],
		["Restarts", String(j.restarts)],
		["Command", element("code", {}, j.command)],
		j.error && ["Last error", element("span", { class: "bad" }, j.error)],
	].filter(Boolean).map(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

function buttons(j) {
	const act = (what, title, disabled, more = {}) => element("button",
		{ type: "button", "data-do": what, "data-id": j.id, "data-job": j.job, disabled,
		  ...more }, title);

	return element("div", { class: "buttons" },
		act("checkpoint", "Checkpoint now", over(j), { class: "main" }),
		act("migrate", "Migrate…", over(j)),
		act("restart", "Restart", !over(j)),
		act("kill", "Kill…", over(j), { class: "danger" }));
}

const node_link = (name) => name ?
	element("a", { href: `#nodes/${encodeURIComponent(name)}` }, name) : "none";

const member_columns = [
	{ title: "Member", number: true, cell: (m) => String(m.member) },
	{ title: "Node", cell: (m) => node_link(m.node) },
	{ title: "State", cell: (m) => state(m.state) },
	{ title: "Processes", number: true, cell: (m) => String(m.processes) },
	{ title: "Memory", number: true, cell: (m) => bytes(m.rss_bytes) },
];

/* With the member's number where there are several. */
function copies(k) {
	const several = k.images.some((c) => c.member);

	return k.images.map((c, i) => [i ? ", " : "", several ? `${c.member}: ` : "",
		node_link(c.node), " ", state(c.state)]);
}

function checkpoint_columns(now) {
	return [
		{ title: "Number", cell: (k) => k.checkpoint },
		{ title: "Committed", cell: (k) => k.committed ? ago(k.at_ms, now) :
			element("span", { class: "warn" }, "not yet") },
		{ title: "Size", number: true, cell: (k) => bytes(k.bytes) },
		{ title: "Duration", number: true, cell: (k) => k.wall_ms ? duration(k.wall_ms) : "" },
		{ title: "Stall", number: true, cell: (k) => k.stall_ms ? duration(k.stall_ms) : "" },
		{ title: "Copies", cell: copies },
	];
}

export function one(data) {
	const j = data.job;

	return [
		element("p", {}, element("a", { href: "#jobs" }, "‹ all jobs")),
		element("div", { class: "card" }, element("h2", {}, j.job), facts(j, data.now),
			buttons(j)),
		element("div", { class: "card" },
			table("Members", member_columns, j.placement, (m) => m.member)),
		element("div", { class: "card" },
			table("Checkpoints", checkpoint_columns(data.now), [...j.checkpoints].reverse(),
			      (k) => k.checkpoint)),
	];
}
