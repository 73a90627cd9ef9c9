// SPDX-License-Identifier: Apache-2.0
//
// What happens, the newest first.
import { element } from "./dom.js";
import { table } from "./table.js";
import { clock } from "./units.js";

/* So many are kept here; older ones: crctl events. */
export const MOST = 500;

const columns = [
	{ title: "Number", number: true, cell: (e) => String(e.id) },
	{ title: "Time", cell: (e) => element("time", { datetime: e.at }, clock(e.at_ms)) },
	{ title: "Kind", cell: (e) => e.kind },
	{ title: "Job", cell: (e) => e.job },
	{ title: "Node", cell: (e) => e.node },
	{ title: "What", cell: (e) => e.text },
];

export function list(data) {
	return table("Events, as they come", columns, data.events, (e) => e.id);
}
