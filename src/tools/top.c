// SPDX-License-Identifier: Apache-2.0
//
// crctl top: the screen and the keys. ncurses has the terminal: it knows what each understands, and
// gives it back on a stop (SIGTSTP) and for a new size; here it is given back for every other end.
#include "tools/top.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/defs.h"
#include "tools/crctl.h"
#include "tools/top_lines.h"
#include "tools/top_rows.h"

#define KEY_WAIT_MS 250 /* within which a signal ends it */
#define ESCAPE 27

struct screen {
	struct cr_top rows;
	struct cr_ctl *c;
	char filter[64];
	bool typing, help;
	unsigned int order;
	size_t first; /* job that is shown */
	size_t shown; /* jobs that pass the filter */
	int64_t asked_ns;
};

static volatile sig_atomic_t ended_by;

static void on_end(int sig)
{
	ended_by = sig;
}

static const char *order_name(unsigned int order)
{
	const char *p = CR_TOP_ORDERS;

	while (order--)
		p += strlen(p) + 1;
	return p;
}

static bool passes(const struct screen *s, const struct cr_top_job *j)
{
	return strstr(j->name, s->filter) || strstr(j->state, s->filter);
}

static void line(int y, const char *text, attr_t look)
{
	if (y >= LINES)
		return;
	attrset(look);
	mvaddstr(y, 0, text);
	attrset(A_NORMAL);
	clrtoeol();
}

static int draw_nodes(struct screen *s)
{
	size_t i, most = LINES > 12 ? LINES / 3 : 3;
	char text[CR_TOP_LINE];

	if (!s->rows.cluster)
		return 2;
	cr_top_node_head(text);
	line(2, text, A_REVERSE);
	for (i = 0; i < s->rows.n_nodes && i < most; i++) {
		cr_top_node_line(&s->rows.nodes[i], text);
		line(3 + i, text, strcmp(s->rows.nodes[i].state, "up") ? A_BOLD : A_NORMAL);
	}
	if (i < s->rows.n_nodes) {
		snprintf(text, sizeof(text), "  and %zu nodes more", s->rows.n_nodes - i);
		line(3 + i++, text, A_DIM);
	}
	return 4 + i;
}

static void draw_jobs(struct screen *s, int y)
{
	char text[CR_TOP_LINE];
	size_t i, at = 0;

	cr_top_job_head(s->rows.cluster, text);
	line(y++, text, A_REVERSE);
	for (i = 0; i < s->rows.n_jobs && y < LINES; i++) {
		struct cr_top_job *j = &s->rows.jobs[i];

		if (!passes(s, j) || at++ < s->first)
			continue;
		cr_top_place(&s->rows, j);
		cr_top_job_line(s->rows.cluster, j, text);
		line(y++, text, j->unprotected ? A_BOLD : A_NORMAL);
	}
}

static void draw_help(void)
{
	static const char *const texts[] = {
		"q            end",
		"up, down     one job; also k and j",
		"page up/down a screen of them; home, end",
		"s            the next order of the jobs",
		"/            only jobs whose name or state has a text in it; escape: all",
		"h            this text",
	};

	for (size_t i = 0; i < CR_ARRAY_SIZE(texts); i++)
		line(2 + i, texts[i], A_NORMAL);
}

static void draw(struct screen *s)
{
	char text[CR_TOP_LINE + 100];
	size_t i;

	for (s->shown = i = 0; i < s->rows.n_jobs; i++)
		s->shown += passes(s, &s->rows.jobs[i]);
	if (s->first >= s->shown)
		s->first = s->shown ? s->shown - 1 : 0;
	erase();
	snprintf(text, sizeof(text),
		 "crctl top  %zu nodes, %zu jobs, by %s%s%s%s   h: help, q: end", s->rows.n_nodes,
		 s->shown, order_name(s->order), *s->filter || s->typing ? "   /" : "", s->filter,
		 s->typing ? "_" : "");
	line(0, text, A_BOLD);
	line(1, s->c->err.text, A_BOLD);
	if (s->help)
		draw_help();
	else
		draw_jobs(s, draw_nodes(s));
	refresh();
}

/* ---- keys ---- */

static void type(struct screen *s, int key)
{
	size_t n = strlen(s->filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		s->typing = false;
	} else if (key == ESCAPE) {
		s->typing = false;
		*s->filter = 0;
	} else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
		while (n && (s->filter[n - 1] & 0xc0) == 0x80)
			n--;
		s->filter[n ? n - 1 : 0] = 0;
	} else if (key >= ' ' && key < 256 && n + 1 < sizeof(s->filter)) {
		s->filter[n] = key;
		s->filter[n + 1] = 0;
	}
	s->first = 0;
}

static void move_by(struct screen *s, long by)
{
	long to = (long)s->first + by;

	s->first = to < 0 ? 0 : to;
}

static bool take_key(struct screen *s, int key)
{
	int page = LINES > 8 ? LINES / 2 : 4;

	if (s->typing) {
		type(s, key);
		return true;
	}
	switch (key) {
	case 'q':
		return false;
	case ESCAPE:
		*s->filter = 0;
		s->help = false;
		break;
	case 'h':
	case '?':
		s->help = !s->help;
		break;
	case '/':
		s->typing = true;
		*s->filter = 0;
		break;
	case 's':
		s->order = (s->order + 1) % CR_TOP_ORDERS_N;
		cr_top_sort(&s->rows, s->order);
		break;
	case KEY_UP:
	case 'k':
		move_by(s, -1);
		break;
	case KEY_DOWN:
	case 'j':
		move_by(s, 1);
		break;
	case KEY_PPAGE:
		move_by(s, -page);
		break;
	case KEY_NPAGE:
		move_by(s, page);
		break;
	case KEY_HOME:
		s->first = 0;
		break;
	case KEY_END:
		s->first = s->shown;
		break;
	}
	return true;
}

static void gather(struct screen *s)
{
	cr_top_gather(&s->rows, s->c);
	cr_top_sort(&s->rows, s->order);
	s->asked_ns = cr_now_ns(CLOCK_MONOTONIC);
}

static void loop(struct screen *s)
{
	bool on = true;
	int key;

	while (on && !ended_by) {
		if (cr_now_ns(CLOCK_MONOTONIC) - s->asked_ns >= s->c->delay * 1e9)
			gather(s);
		draw(s);
		key = getch();
		if (key != ERR)
			on = take_key(s, key);
		else if (!isatty(STDIN_FILENO))
			on = false;
	}
}

static int on_terminal(struct screen *s)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	SCREEN *terminal;

	for (size_t i = 0; i < CR_ARRAY_SIZE(ends); i++)
		signal(ends[i], on_end);
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return cr_fail(&s->c->err, CR_EXIT_USAGE, 0,
			       "the terminal '%s' is not known here: set TERM, or use --once",
			       getenv("TERM") ? getenv("TERM") : "");
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	timeout(KEY_WAIT_MS);
	loop(s);
	endwin();
	delscreen(terminal);
	cr_err_clear(&s->c->err);
	if (ended_by) {
		signal(ended_by, SIG_DFL);
		raise(ended_by);
	}
	return 0;
}

/* ---- once ---- */

static int print_once(struct screen *s)
{
	int ret = cr_top_gather(&s->rows, s->c);
	char text[CR_TOP_LINE];

	if (ret)
		return ret;
	cr_top_sort(&s->rows, 0);
	if (s->rows.cluster) {
		cr_top_node_head(text);
		printf("%s\n", text);
		for (size_t i = 0; i < s->rows.n_nodes; i++) {
			cr_top_node_line(&s->rows.nodes[i], text);
			printf("%s\n", text);
		}
		printf("\n");
	}
	cr_top_job_head(s->rows.cluster, text);
	printf("%s\n", text);
	for (size_t i = 0; i < s->rows.n_jobs; i++) {
		cr_top_place(&s->rows, &s->rows.jobs[i]);
		cr_top_job_line(s->rows.cluster, &s->rows.jobs[i], text);
		printf("%s\n", text);
	}
	return 0;
}

int cr_top_run(struct cr_ctl *c)
{
	struct screen s = { .c = c, .rows.fd = -1 };
	int ret;

	setlocale(LC_CTYPE, "");
	if (!c->once && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0,
			       "top needs a terminal; --once prints what it would show");
	ret = c->once ? print_once(&s) : on_terminal(&s);
	cr_top_free(&s.rows);
	return ret;
}
