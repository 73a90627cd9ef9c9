// SPDX-License-Identifier: Apache-2.0
//
// Elements. All text goes in as text: nothing that a job or a node says is ever markup.

/* children: nodes, texts, or lists of these; what is null or false is left out. */
export function element(tag, attributes = {}, ...children) {
	const e = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes)) {
		if (value === true)
			e.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			e.setAttribute(name, value);
	}
	e.append(...children.flat(Infinity).filter((c) => c !== null && c !== false && c !== undefined));
	return e;
}

export function drawing(tag, attributes = {}, ...children) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attributes))
		e.setAttribute(name, value);
	e.append(...children.flat());
	return e;
}

export const by = (id) => document.getElementById(id);

/*
 * Makes an element's children those of another, and touches only what differs: so what has the
 * focus, is selected or scrolled stays so while numbers change.
 */
export function morph(to, from) {
	const olds = [...to.childNodes], news = [...from.childNodes];

	news.forEach((n, i) => {
		const o = olds[i];

		if (!o)
			to.append(n);
		else if (o.nodeType !== n.nodeType || o.nodeName !== n.nodeName ||
			 (n.nodeType === 1 && o.getAttribute("data-key") !== n.getAttribute("data-key")))
			o.replaceWith(n);
		else if (n.nodeType !== 1) {
			if (o.data !== n.data)
				o.data = n.data;
		} else
			same(o, n);
	});
	olds.slice(news.length).forEach((o) => o.remove());
}

/* Handlers are found by data-do (act.js), so that attributes are all there is to an element. */
function same(o, n) {
	for (const { name } of [...o.attributes])
		if (!n.hasAttribute(name))
			o.removeAttribute(name);
	for (const { name, value } of n.attributes)
		if (o.getAttribute(name) !== value)
			o.setAttribute(name, value);
	if (o.nodeName !== "INPUT" && o.nodeName !== "SELECT")
		morph(o, n);
}
