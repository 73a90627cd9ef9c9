// SPDX-License-Identifier: Apache-2.0
//
// The lines of crctl top. What comes from others is written so that it cannot do more than be read:
// what is no character that prints is \xNN.
#include "tools/top_lines.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "tools/cluster_rows.h"

/* text in as many columns, cut or filled; width 0: all of it. */
static void put(char out[CR_TOP_LINE], const char *text, int width)
{
	char *to = out + strlen(out), *end = out + CR_TOP_LINE - 8;
	size_t left = strlen(text), n;
	mbstate_t state = { 0 };
	int at = 0, cells;
	wchar_t c;

	while (left && to < end - width) {
		n = mbrtowc(&c, text, left, &state);
		if (n == (size_t)-1 || n == (size_t)-2 || !n)
			n = 0;
		cells = n && iswprint(c) && wcwidth(c) >= 0 ? wcwidth(c) : -1;
		if (width && at + (cells < 0 ? 4 : cells) > width)
			break;
		if (cells < 0) {
			to += snprintf(to, 5, "\\x%02x", (unsigned char)*text);
			n = 1;
			memset(&state, 0, sizeof(state));
		} else {
			memcpy(to, text, n);
			to += n;
		}
		at += cells < 0 ? 4 : cells;
		text += n;
		left -= n;
	}
	while (at++ < width && to < end)
		*to++ = ' ';
	*to = 0;
}

static void put_bar(char out[CR_TOP_LINE], bool known, double part)
{
	char bar[32] = "[          ]", number[8];
	int n = part < 0 ? 0 : part > 1 ? 10 : (int)(part * 10 + 0.5);

	if (known)
		memset(bar + 1, '#', n);
	snprintf(number, sizeof(number), known ? "%3.0f%%" : "   -",
		 (part < 0 ? 0 :
		  part > 1 ? 1 :
			     part) *
			 100);
	put(out, bar, 13);
	put(out, number, 6);
}

void cr_top_node_head(char out[CR_TOP_LINE])
{
	snprintf(out, CR_TOP_LINE, "%-16s %-9s %7s %-19s%-19s%-19s%s", "NODE", "STATE", "MEMBERS",
		 " CPU", "MEMORY", "STORE", "FREE");
}

void cr_top_node_line(const cairn_NodeRow *n, char out[CR_TOP_LINE])
{
	const cairn_NodeSample *s = &n->sample;
	bool memory = s->has_memory_bytes && s->has_memory_available && s->memory_bytes;
	char text[16];

	*out = 0;
	put(out, n->name, 16);
	put(out, " ", 1);
	put(out, n->state, 9);
	snprintf(text, sizeof(text), " %7u ", n->members);
	put(out, text, 0);
	put_bar(out, s->has_cpu_percent, s->cpu_percent / 100);
	put_bar(out, memory, memory ? 1 - (double)s->memory_available / s->memory_bytes : 0);
	put_bar(out, n->store_bytes,
		n->store_bytes ? 1 - (double)n->store_free / n->store_bytes : 0);
	put(out, cr_row_size_text(n->store_free, text), 6);
	if (n->has_pressure)
		put(out, n->pressure, 0);
}

void cr_top_job_head(bool cluster, char out[CR_TOP_LINE])
{
	snprintf(out, CR_TOP_LINE, "%-20s %-13s %9s %7s %10s %9s  ", "JOB", "STATE",
		 cluster ? "MEMBERS" : "PROCESSES", "MEMORY", "CHECKPOINT", "STALL");
	snprintf(out + strlen(out), CR_TOP_LINE - strlen(out), "%s",
		 cluster ? "PROTECTED NODES" : "LAST ERROR");
}

void cr_top_job_line(bool cluster, const struct cr_top_job *j, char out[CR_TOP_LINE])
{
	char size[16], age[16], text[96];

	*out = 0;
	put(out, j->name, 20);
	put(out, " ", 1);
	put(out, j->state, 13);
	snprintf(text, sizeof(text), " %9u %7s %10s %6.1f ms  ", j->count,
		 j->rss_bytes ? cr_row_size_text(j->rss_bytes, size) : "-",
		 j->age_s < 0 ? "none yet" : cr_row_seconds_text(j->age_s, age), j->stall_ns / 1e6);
	put(out, text, 0);
	if (cluster) {
		put(out, j->unprotected ? "no" : "yes", 10);
		put(out, *j->where ? j->where : "-", 0);
		put(out, *j->note ? "  " : "", 0);
	}
	put(out, j->note, 0);
}
