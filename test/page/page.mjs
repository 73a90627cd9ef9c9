// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's page in headless Chromium, as a person uses it: signs in, looks, presses each
// button, and is there when a node and the coordinator die. For test/cluster/page.sh, which makes
// the cluster and has the commands that act on it from outside; prints "ok TEXT" and "FAIL TEXT".
//
// Environment: LINK prints a one-time link, TOKEN is the coordinator's, KILL_NODE and RESTART are
// commands, NODES the names of the nodes, KILLED the one that KILL_NODE kills, SHOTS a folder for
// pictures (optional).
import { execFileSync, execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const LIMIT_MS = Number(process.env.LIMIT_MS || 60000);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { LINK, TOKEN, KILL_NODE, RESTART, KILLED, SHOTS, CHROMIUM } = process.env;
const nodes = process.env.NODES.split(" ");
const sh = (command) => execFileSync("/bin/bash", ["-c", command], { encoding: "utf8" }).trim();
let failed = 0, troubles = [];

function is(good, text) {
	console.log(`${good ? "ok" : "FAIL"} ${text}`);
	failed += !good;
}

async function within(text, what, ms = LIMIT_MS) {
	const end = Date.now() + ms;

	for (;;) {
		let got = null;

		try {
			got = await what();
		} catch (e) {
			got = null;
		}
		if (got || Date.now() > end) {
			is(got, text);
			return got;
		}
		await new Promise((r) => setTimeout(r, 50));
	}
}

function watch(page) {
	page.setDefaultTimeout(LIMIT_MS);
	page.on("console", (m) => m.type() === "error" && troubles.push(m.text()));
	page.on("pageerror", (e) => troubles.push(String(e)));
}

function quiet(what) {
	is(!troubles.length, `no error on the console ${what}: ${troubles.slice(0, 3).join("; ")}`);
	troubles = [];
}

async function picture(page, name) {
	if (SHOTS)
		await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

const row = (page, key) => page.locator(`tr[data-key="${key}"]`);
const text = async (l) => (await l.innerText()).replace(/\s+/g, " ");

/* ---- signing in ---- */

async function sign_in(page, link) {
	const origin = new URL(link).origin;

	await page.goto(`${origin}/`);
	await page.fill("#token", "not the token at all");
	await page.keyboard.press("Enter");
	await within("a wrong token is refused, and said", async () =>
		(await text(page.locator("#sign-in-error"))).includes("not the token"));
	await page.waitForTimeout(300);
	/* That it answers 401 is what a browser tells. */
	troubles = troubles.filter((t) => !/40[13]/.test(t));
	await page.goto(link);
	await within("the link signs in", () => page.locator("#tiles li").first().isVisible());
	is(!page.url().includes("key="), "the link's key is not in the address any more");
	const other = await page.context().browser().newContext();
	const again = await other.newPage();
	await again.goto(link);
	is(!(await again.locator("#tiles li").count()), "the link works once");
	await other.close();
	return origin;
}

/* ---- what is there to see ---- */

async function sees(page) {
	for (const n of nodes)
		await within(`node ${n} is up`, async () =>
			(await text(row(page, n))).includes("up"));
	await within("with its processors over time", async () =>
		/L/.test(await row(page, nodes[0]).locator("path.cpu").getAttribute("d")));
	await page.click("nav a[href='#jobs']");
	await within("the job is there", async () =>
		/running|checkpointing/.test(await text(page.locator("tbody tr").first())));
	is(!(await page.locator("tbody img").count()), "a command's markup is text");
	await page.click("nav a[href='#events']");
	await within("events are there", () => page.locator("tbody tr").nth(2).isVisible());
}

async function by_keyboard(page) {
	await page.click("nav a[href='#jobs']");
	await page.locator("tbody tr").first().waitFor();
	await page.locator("h1").click();
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate(() => /^#jobs\/\d/.test(document.activeElement.hash || "")))
			break;
	}
	await page.keyboard.press("Enter");
	await within("the job's view, by keyboard", () =>
		page.locator("button[data-do=checkpoint]").isVisible());
}

/* ---- buttons ---- */

async function dialog(page, fields, press = "yes") {
	const d = page.locator("#dialog[open]");

	await d.waitFor();
	for (const [name, value] of Object.entries(fields)) {
		const field = d.locator(`[name=${name}]`);

		if (await field.evaluate((f) => f.tagName) === "SELECT")
			await field.selectOption(value);
		else
			await field.fill(value);
	}
	await d.locator(`button[value=${press}]`).click();
}

const newest = async (page) =>
	Number(await page.locator("tr[data-key]:has(td[data-label=Committed]) td").first().innerText());
const where = (page) => page.locator("tr:has(td[data-label=Processes]) td[data-label=Node]")
	.first().innerText();

async function buttons_of_job(page) {
	const before = await newest(page).catch(() => 0);

	await page.click("button[data-do=checkpoint]");
	await within("Checkpoint makes a newer one", async () => (await newest(page)) > before);
	const here = await where(page), there = nodes.find((n) => n !== here && n !== KILLED);
	await page.click("button[data-do=migrate]");
	await dialog(page, { node: there }, "no");
	await page.click("button[data-do=migrate]");
	await dialog(page, { node: there });
	await within(`Migrate moves it from ${here} to ${there}`, async () =>
		(await where(page)) === there);
	await within("and it runs there", async () => /running|checkpointing/.test(
		await text(page.locator("dl dd").first())));
	return there;
}

async function buttons_of_node(page, name) {
	const state = () => text(page.locator("dl dd").first());

	await page.goto(page.url().replace(/#.*/, `#nodes/${name}`));
	await page.click("button[data-do=drain]");
	await dialog(page, {});
	await within(`Drain: ${name} is left`, async () => (await state()).includes("drained"));
	await page.click("button[data-do=undrain]");
	await within("Undrain: it is up again", async () => (await state()).includes("up"));
	await page.click("button[data-do=drill]");
	await dialog(page, { kind: "cpu", seconds: "2" });
	await page.click("nav a[href='#events']");
	await within("Drill: the events tell of it", async () =>
		(await text(page.locator("#content"))).includes("drill"));
}

/* ---- looks ---- */

async function accessible(page, browser, url, state) {
	for (const scheme of ["light", "dark"]) {
		const c = await browser.newContext({ colorScheme: scheme, storageState: state,
						     viewport: { width: 390, height: 800 } });
		const p = await c.newPage();

		watch(p);
		for (const view of ["nodes", `nodes/${nodes[0]}`, "jobs", "jobs/1", "events"]) {
			await p.goto(`${url}/#${view}`);
			await p.locator("#content > div > *").first().waitFor();
			await p.evaluate(axe);
			const found = (await p.evaluate(() => window.axe.run())).violations;
			is(!found.length, `axe finds nothing in ${view}, ${scheme}: ` +
			   found.map((v) => `${v.id} ${v.nodes[0].html}`).join("; "));
			is(await p.evaluate(() => document.documentElement.scrollWidth <=
					    window.innerWidth), `${view} fits a phone`);
			await picture(p, `phone-${scheme}-${view.replace("/", "-")}`);
		}
		await c.close();
	}
}

/* ---- failures ---- */

async function node_dies(page) {
	await page.click("nav a[href='#nodes']");
	await row(page, KILLED).waitFor();
	const events = new Promise((resolve) => execFile("/bin/bash", ["-c", KILL_NODE], resolve));
	const began = Date.now();
	await within(`${KILLED} is shown as silent or lost`, async () =>
		/suspect|lost/.test(await text(row(page, KILLED))));
	console.log(`note ${Date.now() - began} ms after its death`);
	await events;
}

async function coordinator_restarts(page) {
	const back = new Promise((resolve) => execFile("/bin/bash", ["-c", RESTART], resolve));

	await within("the page says that the coordinator does not answer", async () =>
		(await text(page.locator("#link"))).includes("not answer"));
	await back;
	await within("and goes on when it does, still signed in", async () =>
		(await text(page.locator("#link"))) === "live");
	/* What a browser tells of connections that were refused. */
	troubles = troubles.filter((t) => !/ERR_|Failed to load resource/.test(t));
}

/* ---- all of it ---- */

const browser = await chromium.launch({ executablePath: CHROMIUM,
					args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
	const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
	const page = await context.newPage();

	watch(page);
	const url = await sign_in(page, sh(LINK));
	await sees(page);
	await by_keyboard(page);
	await picture(page, "job");
	const there = await buttons_of_job(page);
	await buttons_of_node(page, there);
	quiet("up to here");
	await accessible(page, browser, url, await context.storageState());
	quiet("on a phone");
	await node_dies(page);
	await picture(page, "nodes");
	quiet("when a node dies");
	await coordinator_restarts(page);
	quiet("when the coordinator is started again");
	await page.click("#sign-out");
	await within("signed out", () => page.locator("#sign-in").isVisible());
	await page.reload();
	await within("and that lasts", () => page.locator("#sign-in").isVisible());
	troubles = troubles.filter((t) => !t.includes("401"));
	await page.fill("#token", TOKEN);
	await page.keyboard.press("Enter");
	await within("the token signs in", () => page.locator("#tiles li").first().isVisible());
	quiet("at the end");
} catch (e) {
	is(false, `it ended early: ${e.stack}`);
} finally {
	await browser.close();
}
process.exit(failed ? 1 : 0);
