// SPDX-License-Identifier: Apache-2.0
//
// How long the page of a large cluster takes until its rows are there, and how smooth it stays: for
// bench/page. Environment: URL and TOKEN of the coordinator, ROUNDS, CHROMIUM, SHOT (a picture).
import { chromium } from "playwright-core";

const rounds = Number(process.env.ROUNDS || 5);
const url = process.env.URL;
const median = (v) => v.sort((a, b) => a - b)[Math.floor(v.length / 2)];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM,
					args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();

async function load(view) {
	const times = [];

	for (let i = 0; i < rounds; i++) {
		await page.goto("about:blank");
		const began = performance.now();

		await page.goto(`${url}/#${view}`);
		await page.locator("tbody tr").nth(40).waitFor({ timeout: 60000 });
		times.push(performance.now() - began);
	}
	console.log(`${view.padEnd(8)} ${Math.round(median(times))} ms until its rows are there`);
}

/* Between two frames, while it lives for ten seconds. */
async function smooth(view) {
	await page.goto(`${url}/#${view}`);
	await page.locator("tbody tr").nth(40).waitFor({ timeout: 60000 });
	const gaps = await page.evaluate(() => new Promise((resolve) => {
		const gaps = [], end = performance.now() + 10000;
		let last = performance.now();

		requestAnimationFrame(function frame(now) {
			gaps.push(now - last);
			last = now;
			if (now < end)
				requestAnimationFrame(frame);
			else
				resolve(gaps.sort((a, b) => a - b));
		});
	}));
	console.log(`${view.padEnd(8)} frames: median ${gaps[gaps.length >> 1].toFixed(1)} ms, 99 % in ` +
		    `${gaps[Math.floor(gaps.length * 0.99)].toFixed(1)} ms, longest ` +
		    `${gaps[gaps.length - 1].toFixed(1)} ms`);
}

await page.goto(`${url}/`);
await page.fill("#token", process.env.TOKEN);
await page.keyboard.press("Enter");
await page.locator("#tiles li").first().waitFor();
for (const view of ["nodes", "jobs", "events"])
	await load(view);
for (const view of ["nodes", "jobs"])
	await smooth(view);
if (process.env.SHOT) {
	await page.goto(`${url}/#nodes`);
	await page.waitForTimeout(20000);
	await page.screenshot({ path: process.env.SHOT });
}
await browser.close();
