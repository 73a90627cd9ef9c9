// SPDX-License-Identifier: Apache-2.0
//
// A line that is drawn again and again. See progress.h. The width is asked for each time, so that
// the line fits whatever the window has become; from the background nothing is drawn.
#include "common/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

#define QUIET_NS 500000000ll
#define TURN_NS 200000000ll
#define WIDTH 80 /* of a terminal that does not tell */
#define MIB (1024.0 * 1024)

static bool in_front(void)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);

	return front < 0 || front == getpgrp();
}

static bool progress_is_due(const struct cr_progress *p)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	return p->terminal && now - p->began_ns >= QUIET_NS && now - p->drawn_ns >= TURN_NS &&
	       in_front();
}

/* Into what one row of the terminal has room for: names may hold anything. */
static void progress_cut(char *text)
{
	struct winsize w = { 0 };
	size_t room, i;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col)
		w.ws_col = WIDTH;
	/* In the last column the cursor of some goes on to the next row. */
	room = w.ws_col - 1;
	for (i = 0; text[i] && i < room; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	/* Not within a character. */
	while (i && ((unsigned char)text[i] & 0xc0) == 0x80)
		i--;
	text[i] = 0;
}

static void progress_draw(struct cr_progress *p, char *text)
{
	progress_cut(text);
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
	p->shown = true;
	p->drawn_ns = cr_now_ns(CLOCK_MONOTONIC);
}

void cr_progress_begin(struct cr_progress *p)
{
	const char *term = getenv("TERM");

	*p = (struct cr_progress){
		.terminal = isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb")),
		.began_ns = cr_now_ns(CLOCK_MONOTONIC),
	};
}

void cr_progress_say(struct cr_progress *p, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!progress_is_due(p))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	progress_draw(p, text);
}

void cr_progress_bytes(struct cr_progress *p, const char *what, uint64_t done, uint64_t of)
{
	double s = (cr_now_ns(CLOCK_MONOTONIC) - p->began_ns) / 1e9, rate = s > 0 ? done / s : 0;
	unsigned long long left = done && done < of ? (of - done) / rate + 0.5 : 0;

	if (of)
		cr_progress_say(p, "%s: %.0f of %.0f MiB, %.0f MiB/s, %llu s left", what,
				done / MIB, of / MIB, rate / MIB, left);
	else
		cr_progress_say(p, "%s: %.0f MiB, %.0f MiB/s, %.0f s", what, done / MIB, rate / MIB,
				s);
}

void cr_progress_clear(struct cr_progress *p)
{
	if (!p->shown || !in_front())
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->shown = false;
}
