# SPDX-License-Identifier: Apache-2.0
# The table of bench/run from the lines of bench/drive and bench/pair: medians of all rounds, each
# beside what it is compared with. -v markdown=1 for a table in markdown.

function sorted(list, n,   i, k, x)
{
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (k = i - 1; k > 0 && list[k] > x; k--)
			list[k + 1] = list[k]
		list[k + 1] = x
	}
}

function median(key,   i, n, list)
{
	n = count[key]
	for (i = 1; i <= n; i++)
		list[i] = value[key, i] + 0
	sorted(list, n)
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function keep(key, x) { value[key, ++count[key]] = x }

function line(what, measured, reference, ratio, target, verdict)
{
	if (markdown)
		printf "| %s | %s | %s | %s | %s | %s |\n", what, measured, reference, ratio,
			target, verdict
	else
		printf "%-40s %12s %12s %7s  %-26s %s\n", what, measured, reference, ratio,
			target, verdict
}

function ms(x) { return sprintf(x < 10 ? "%.2f ms" : "%.1f ms", x) }

# A time against factor × reference + plus; without a factor it stands there for its ratio only.
function against(what, key, ref, factor, plus, name,   m, r, limit, target)
{
	if (!count[key] || (ref != "" && !count[ref])) {
		line(what, "failed", "", "", "", "missed")
		return
	}
	m = median(key)
	if (ref == "") {
		line(what, ms(m), "", "", "<= " plus " ms", m <= plus ? "ok" : "missed")
		return
	}
	r = median(ref)
	if (factor == "") {
		line(what, ms(m), ms(r), sprintf("%.2f", m / r), "", "")
		return
	}
	limit = factor * r + plus
	target = "<= " factor " x " name (plus ? " + " plus " ms" : "")
	line(what, ms(m), ms(r), sprintf("%.2f", m / r), target, m <= limit ? "ok" : "missed")
}

function mib(what, key, of,   m)
{
	if (!count[key])
		return
	m = median(key) / 1048576
	line(what, sprintf("%.1f MiB", m), of ? of " MiB" : "",
	     of ? sprintf("%.2f", m / of) : "", "", "")
}

function big(size, pages,   p, name)
{
	p = size "-" pages
	name = size " MiB " pages " "
	against(name "stall seen by the job : fork", p ".stall", p ".fork", 1.5, 3, "ref")
	against(name "stall by status : fork", p ".said-stall", p ".fork", 1.5, 3, "ref")
	against(name "stall seen : none saved", p ".stall", p ".quiet", "", 0)
	against(name "wall : write", p ".wall", p ".write", 1.5, 0, "ref")
	against(name "wall : write+fsync", p ".wall", p ".write-fsync", "", 0)
	against(name "restart : UFFDIO_COPY", p ".restart", p ".copy", 1.5, 50, "ref")
	mib(name "bytes written", p ".bytes", size)
	if (pages == "thp")
		mib(name "huge after restart", p ".huge-after", median(p ".huge-before") / 1048576)
}

function crowd(n, kind, stall, wall,   p, name)
{
	p = "crowd-" n "-" kind
	if (!count[p ".wall"])
		return
	name = n " processes " (kind == "socket" ? "500 sockets " : "")
	against(name "stall by status", p ".said-stall", "", "", stall)
	against(name "stall seen : none saved", p ".stall", p ".quiet", "", 0)
	against(name "wall", p ".wall", "", "", wall)
	against(name "restart", p ".restart", "", "", wall)
}

# One backend beside the other, of the same program in the same run.
function beside(name, job,   a, c, i, n, key, what, unit)
{
	if (!count["criu/" job ".wall"] && !count["agent/" job ".wall"])
		return
	n = split("said-stall:stall wall restart bytes:image", key, " ")
	for (i = 1; i <= n; i++) {
		split(key[i], what, ":")
		what[2] = what[2] ? what[2] : what[1]
		if (!count["criu/" job "." what[1]] || !count["agent/" job "." what[1]]) {
			line(name " " what[2] ", criu : agent", "failed", "", "", "", "missed")
			continue
		}
		c = median("criu/" job "." what[1])
		a = median("agent/" job "." what[1])
		if (what[2] == "image")
			line(name " image, criu : agent", sprintf("%.1f MiB", c / 1048576),
			     sprintf("%.1f MiB", a / 1048576), sprintf("%.2f", c / a), "", "")
		else
			line(name " " what[2] ", criu : agent", ms(c), ms(a),
			     sprintf("%.2f", c / a), "", "")
	}
}

function call(name,   key, limit, r)
{
	key = "call." name
	limit = name == "fork+wait" ? 1.05 : name == "fork+exec+wait" ? 1.25 : 1.01
	r = median(key ".ratio")
	line(name " (two plain: " sprintf("%.3f", median(key ".noise")) ")",
	     sprintf("%.1f ns", median(key)), sprintf("%.1f ns", median(key ".plain")),
	     sprintf("%.3f", r), "<= " limit " x ref", r <= limit + 0.0005 ? "ok" : "missed")
}

/^call\./ {
	if (!($1 in known))
		calls[++ncalls] = $1
	known[$1] = 1
	keep($1, $2)
	keep($1 ".plain", $3)
	keep($1 ".ratio", $2 / $3)
	keep($1 ".noise", $4 / $3)
	next
}

/^skip / {
	skipped = $0
	sub(/^skip /, "", skipped)
	next
}

/^[0-9]+-[a-z0-9]+\.wall / && !($1 in known) { bigs[++nbigs] = substr($1, 1, index($1, ".") - 1) }

{
	known[$1] = 1
	keep($1, $2)
}

END {
	line("what", "measured", "reference", "ratio", "target", "verdict")
	if (markdown)
		line("---", "---:", "---:", "---:", "---", "---")
	if (count["tiny.wall"]) {
		against("tiny stall seen by the job", "tiny.stall", "", "", 2)
		against("tiny stall by crctl status", "tiny.said-stall", "", "", 2)
		against("tiny stall seen : none saved", "tiny.stall", "tiny.quiet", "", 0)
		against("tiny wall of crctl checkpoint", "tiny.wall", "", "", 20)
		against("tiny restart", "tiny.restart", "", "", 25)
	}
	crowd(32, "socket", 10, 60)
	crowd(100, "pipe", 60, 200)
	crowd(300, "pipe", 180, 600)
	for (i = 1; i <= nbigs; i++) {
		split(bigs[i], part, "-")
		big(part[1], part[2])
	}
	for (i = 1; i <= ncalls; i++)
		call(substr(calls[i], 6))
	beside("tiny", "tiny")
	beside("256 MiB 4k", "256-4k")
	beside("1024 MiB 4k", "1024-4k")
	if (skipped)
		print (markdown ? "\n" : "") "skipped: " skipped
}
