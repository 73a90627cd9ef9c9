// SPDX-License-Identifier: Apache-2.0
//
// The nodes: all of them, and one with its course of the last ten minutes.
import { chart, spark } from "./chart.js";
import { element } from "./dom.js";
import { filter, pager, state, table } from "./table.js";
import { columns_here } from "./jobs.js";
import { bytes, duration, percent } from "./units.js";

export const states = ["up", "suspect", "lost", "draining", "drained", "leaving"];

/* In percent; null: that node cannot tell. */
const kinds = [
	["cpu", "CPU", (s) => s.cpu_percent ?? null],
	["memory", "Memory", (s) => used(s.memory_bytes, s.memory_available)],
	["disk", "Store", (s) => used(s.store_bytes, s.store_free)],
];

const used = (whole, free) => whole && free !== undefined ? percent(whole - free, whole) : null;
const whole = (n) => n === null ? "–" : `${Math.round(n)} %`;

export function points(samples, of) {
	return samples.map((s) => [s.at_ms, of(s)]);
}

function meter(node, [kind, title, of], samples) {
	return element("span", { class: "meter" },
		spark(points(samples, of), kind, `${title} of ${node.name}, the last ten minutes`),
		whole(of(node)));
}

function columns(history) {
	return [
		{ title: "Node", cell: (n) => element("a",
			{ href: `#nodes/${encodeURIComponent(n.name)}` }, n.name) },
		{ title: "State", cell: (n) => state(n.state) },
		...kinds.map((k) => ({ title: k[1],
				       cell: (n) => meter(n, k, history.get(n.name) || []) })),
		{ title: "Members", number: true, cell: (n) => String(n.members) },
		{ title: "Store free", number: true, cell: (n) => bytes(n.store_free) },
		{ title: "Heard", number: true, cell: (n) => `${duration(n.heard_ms)} ago` },
		{ title: "Address", cell: (n) => n.address },
	];
}

export function list(data, of) {
	return [
		filter(of, states),
		table("Nodes", columns(data.history), data.nodes, (n) => n.name),
		pager(of, data.total),
	];
}

function facts(n) {
	const labels = Object.entries(n.labels || {}).map(([k, v]) => `${k}=${v}`).join(", ");

	return element("dl", {}, [
		["State", state(n.state)],
		["Address", n.address],
		["Runs jobs of", n.privileged ? "all users" : "one user"],
		["Store", `${bytes(n.store_free)} free of ${bytes(n.store_bytes)}`],
		["Heard", `${duration(n.heard_ms)} ago`],
		["Labels", labels || "none"],
		["Version", n.version],
		n.pressure && ["Under pressure", element("span", { class: "bad" }, n.pressure)],
		n.full && ["Full", `${n.full} in ${duration(1000 * n.full_in_s)}, by its trend (95 %: ` +
			`${duration(1000 * n.full_least_s)} to ${duration(1000 * n.full_most_s)})`],
		n.evacuation && ["Left at", n.evacuation],
	].filter(Boolean).map(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

function buttons(n) {
	const drained = ["draining", "drained"].includes(n.state);

	return element("div", { class: "buttons" },
		element("button", { type: "button", "data-do": "drain", "data-node": n.name,
				    disabled: drained || n.state === "lost" }, "Drain"),
		element("button", { type: "button", "data-do": "undrain", "data-node": n.name,
				    disabled: !drained }, "Undrain"),
		element("button", { type: "button", "data-do": "drill", "data-node": n.name,
				    class: "danger" }, "Drill…"));
}

export function one(data) {
	const n = data.node, samples = data.history.get(n.name) || [];

	return [
		element("p", {}, element("a", { href: "#nodes" }, "‹ all nodes")),
		element("div", { class: "card" },
			element("h2", {}, n.name), facts(n), buttons(n)),
		element("div", { class: "card" },
			element("h2", {}, "The last ten minutes"),
			element("div", { class: "charts" }, kinds.map(([kind, title, of]) =>
				element("figure", {},
					element("figcaption", {}, `${title}: ${whole(of(n))}`),
					chart(points(samples, of), kind,
					      `${title} of ${n.name} over time, in percent`))))),
		element("div", { class: "card" },
			table("Jobs with members there", columns_here(data.now), data.jobs,
			      (j) => j.id)),
	];
}
