// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people read them.

export function bytes(n) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
	let unit = 0;

	while (n >= 1024 && unit < units.length - 1) {
		n /= 1024;
		unit++;
	}
	return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/* Of milliseconds. */
export function duration(ms) {
	if (ms < 1000)
		return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
	let s = ms / 1000;
	if (s < 60)
		return `${s.toFixed(s < 10 ? 1 : 0)} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
	return `${Math.floor(s / 86400)} d ${Math.round((s % 86400) / 3600)} h`;
}

/* How long ago an instant was; both in milliseconds since 1970. */
export function ago(at, now) {
	return at ? `${duration(Math.max(0, now - at))} ago` : "never";
}

export function percent(part, whole) {
	return whole > 0 ? (100 * part) / whole : 0;
}

export function clock(ms) {
	return new Date(ms).toLocaleTimeString([], { hour12: false });
}
