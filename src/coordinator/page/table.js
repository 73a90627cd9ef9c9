// SPDX-License-Identifier: Apache-2.0
//
// Tables: columns are { title, cell(row), number }, a row has a key. On a narrow screen each row
// is a card of its own, and a cell tells its column's title.
import { element } from "./dom.js";

export function table(caption, columns, rows, key) {
	const head = columns.map((c) =>
		element("th", { scope: "col", class: c.number ? "number" : null }, c.title));
	const body = rows.map((row) =>
		element("tr", { "data-key": key(row) }, columns.map((c) =>
			element("td", { class: c.number ? "number" : null, "data-label": c.title },
				c.cell(row)))));

	return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
		element("table", { class: "cards" },
			element("caption", {}, caption),
			element("thead", {}, element("tr", {}, head)),
			element("tbody", {}, body)));
}

/* Which rows of how many are shown, and buttons for the others. */
export function pager(list, total) {
	const first = total ? list.offset + 1 : 0, last = Math.min(list.offset + list.limit, total);

	return element("div", { class: "buttons" },
		element("button", { type: "button", "data-do": "page", "data-by": -list.limit,
				    disabled: list.offset === 0 }, "Previous"),
		element("button", { type: "button", "data-do": "page", "data-by": list.limit,
				    disabled: last >= total }, "Next"),
		element("span", { class: "soft" }, `${first} to ${last} of ${total}`));
}

/* Search and state; what is chosen is in the list's state, which views.js reads. */
export function filter(list, states) {
	return element("form", { class: "filter", role: "search", "data-do": "filter" },
		element("label", {}, "Search",
			element("input", { type: "search", name: "search", value: list.search,
					   autocomplete: "off" })),
		element("label", {}, "State",
			element("select", { name: "state" },
				["", ...states].map((s) => element("option",
					{ value: s, selected: s === list.state }, s || "all")))));
}

const moods = {
	up: "good", running: "good", complete: "good", ended: "soft", stopped: "soft",
	drained: "soft", starting: "warn", checkpointing: "good", waiting: "warn",
	recovering: "warn", suspect: "warn", draining: "warn", leaving: "warn", writing: "warn",
	moving: "warn", lost: "bad", failed: "bad", damaged: "bad",
};

export function state(word) {
	return element("span", { class: `state ${moods[word] || "soft"}` }, word);
}
