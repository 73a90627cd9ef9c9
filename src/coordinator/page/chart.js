// SPDX-License-Identifier: Apache-2.0
//
// Values over time, drawn as SVG: small ones in a table's row, large ones with axes.
import { drawing } from "./dom.js";
import { clock } from "./units.js";

/* points: [at_ms, value]; where samples are missing for long, the line is broken. */
function line(points, from, to, width, height, most, gap) {
	const x = (at) => ((at - from) / (to - from || 1)) * width;
	const y = (value) => height - (Math.min(value, most) / most) * height;
	let text = "", last = -Infinity;

	for (const [at, value] of points) {
		if (value === null || at < from)
			continue;
		text += `${at - last > gap ? "M" : "L"}${x(at).toFixed(1)},${y(value).toFixed(1)}`;
		last = at;
	}
	return text;
}

/* A line of 90 × 24; kind: cpu, memory or disk. */
export function spark(points, kind, label, span = 600000) {
	const to = points.length ? points[points.length - 1][0] : 0;

	return drawing("svg", { viewBox: "0 0 90 24", role: "img", "aria-label": label,
				preserveAspectRatio: "none" },
		drawing("path", { class: `line ${kind}`,
				  d: line(points, to - span, to, 90, 23, 100, 15000) }));
}

/* With axes; the values are in percent. */
export function chart(points, kind, label, span = 600000) {
	const to = points.length ? points[points.length - 1][0] : Date.now(), from = to - span;
	const grid = [0, 50, 100].flatMap((v) => [
		drawing("line", { class: "axis", x1: 34, x2: 300, y1: 120 - v, y2: 120 - v }),
		drawing("text", { x: 30, y: 124 - v, "text-anchor": "end" }, `${v} %`),
	]);

	return drawing("svg", { class: "chart", viewBox: "0 0 304 140", role: "img",
				"aria-label": label },
		grid,
		drawing("text", { x: 34, y: 136 }, clock(from)),
		drawing("text", { x: 300, y: 136, "text-anchor": "end" }, clock(to)),
		drawing("g", { transform: "translate(34 20)" },
			drawing("path", { class: `line ${kind}`,
					  d: line(points, from, to, 266, 100, 100, 15000) })));
}
