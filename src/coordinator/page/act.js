// SPDX-License-Identifier: Apache-2.0
//
// What buttons do. An element with data-do="WHAT" asks for action WHAT, here or in page.js.
import { post } from "./api.js";
import { by, element } from "./dom.js";

let fades = 0;

/* Told for a while, also to screen readers. */
export function notice(text) {
	by("notice").textContent = text;
	clearTimeout(fades);
	fades = setTimeout(() => by("notice").replaceChildren(), 12000);
}

/* Asks in a dialog: resolves to the fields' values, or to null if it was given up. */
function inquire(title, text, fields, verb, danger) {
	const d = by("dialog");

	d.replaceChildren(element("form", { method: "dialog" },
		element("h2", { id: "dialog-title" }, title),
		element("p", {}, text),
		fields.map((f) => [element("label", { for: `field-${f.name}` }, f.label),
			f.choices ? element("select", { id: `field-${f.name}`, name: f.name },
				f.choices.map((c) => element("option", { value: c[0] }, c[1]))) :
			element("input", { id: `field-${f.name}`, name: f.name, ...f.attributes })]),
		element("div", { class: "buttons" },
			element("button", { value: "yes", class: danger ? "danger" : "main" }, verb),
			element("button", { value: "no", formnovalidate: true }, "Cancel"))));
	return new Promise((resolve) => {
		d.addEventListener("close", () => resolve(d.returnValue === "yes" ?
			Object.fromEntries(new FormData(d.querySelector("form"))) : null),
				   { once: true });
		d.returnValue = "";
		d.showModal();
	});
}

/* Says how it went; the answer comes when the coordinator has begun it. */
async function order(what, path, body) {
	notice(`${what}…`);
	try {
		await post(path, body);
		notice(`${what}: begun; see the events`);
	} catch (e) {
		notice(`${what}: ${e.message}`);
	}
}

const job_path = (b, verb) => `/v1/jobs/${b.dataset.id}/${verb}`;
const node_path = (b, verb) => `/v1/nodes/${encodeURIComponent(b.dataset.node)}/${verb}`;

const actions = {
	async checkpoint(b) {
		await order(`Checkpoint of ${b.dataset.job}`, job_path(b, "checkpoint"));
	},
	async restart(b) {
		await order(`Restart of ${b.dataset.job}`, job_path(b, "restart"));
	},
	async kill(b) {
		if (await inquire(`Kill ${b.dataset.job}?`, "All of its processes end at once. What is " +
				  "not in a checkpoint is lost.", [], "Kill", true))
			await order(`Kill of ${b.dataset.job}`, job_path(b, "kill"));
	},
	async migrate(b, data) {
		const nodes = data.up.map((n) => [n, n]);
		const f = await inquire(`Migrate ${b.dataset.job}`, "It is checkpointed, stopped and " +
			"started on the other node. If anything fails it goes on where it was.",
			[{ name: "node", label: "To node", choices: nodes }], "Migrate");

		if (f)
			await order(`Migration of ${b.dataset.job} to ${f.node}`,
				    job_path(b, "migrate"), { node: f.node });
	},
	async drain(b) {
		if (await inquire(`Drain ${b.dataset.node}?`, "Its jobs are moved to other nodes, and " +
				  "it gets no more until it is undrained.", [], "Drain"))
			await order(`Drain of ${b.dataset.node}`, node_path(b, "drain"));
	},
	async undrain(b) {
		await order(`Undrain of ${b.dataset.node}`, node_path(b, "undrain"));
	},
	async drill(b) {
		const f = await inquire(`Drill on ${b.dataset.node}`, "A fault on purpose, for a while: " +
			"only where crnode was started with --allow-drills.",
			[{ name: "kind", label: "Fault", choices: [
				["cpu", "cpu: all processors are busy"],
				["mem", "mem: memory runs short"],
				["disk", "disk: the store fills up"],
				["kill", "kill: members are killed"],
				["net", "net: cut off from the coordinator"],
				["hang", "hang: crnode does not answer"],
				["migrate", "migrate: a job is moved away and back"]] },
			 { name: "seconds", label: "Seconds",
			   attributes: { type: "number", min: 1, max: 3600, value: 30, required: true } }],
			"Begin", true);

		if (f)
			await order(`Drill ${f.kind} on ${b.dataset.node}`, node_path(b, "drill"),
				    { kind: f.kind, seconds: Number(f.seconds) });
	},
};

/* Whether it was one of these. */
export function act(button, data) {
	const f = actions[button.dataset.do];

	if (f)
		f(button, data);
	return Boolean(f);
}
