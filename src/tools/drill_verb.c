// SPDX-License-Identifier: Apache-2.0
//
// crctl drill: a fault on a node, by its name, or out of a menu: nodes that allow it, faults, how
// long; then what the cluster does about it, as its events, until it is over.
#include "tools/drill_verb.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "common/json.h"
#include "common/units.h"
#include "net/client.h"
#include "tools/cluster_rows.h"
#include "tools/crctl.h"
#include "tools/local_verbs.h"

#define MS_MOST 600000
#define NODES_SHOWN 64

static const struct fault {
	const char *word, *help;
	cairn_DrillKind kind;
} faults[] = {
	{ "cpu", "all its CPUs are kept busy", cairn_DrillKind_DRILL_CPU },
	{ "mem", "its memory is taken, but for a reserve", cairn_DrillKind_DRILL_MEM },
	{ "disk", "its store's disk is filled, but for a reserve", cairn_DrillKind_DRILL_DISK },
	{ "kill", "its members are killed", cairn_DrillKind_DRILL_KILL },
	{ "net", "it is cut off from the coordinator", cairn_DrillKind_DRILL_NET },
	{ "hang", "its crnode answers nobody", cairn_DrillKind_DRILL_HANG },
	{ "migrate", "its jobs are moved elsewhere", cairn_DrillKind_DRILL_MIGRATE },
};

static int read_time(const char *text, uint32_t *ms, struct cr_err *err)
{
	double v = cr_time_of(text) * 1000;

	if (!(v >= 1 && v <= MS_MOST))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--for %s: give a time as 30s or 2m, at most 10m", text);
	*ms = v;
	return 0;
}

static int drill_verb_ask(struct cr_ctl *c, const char *node, cairn_DrillKind kind, uint32_t ms)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_DRILL, .drill = kind, .drill_ms = ms };
	cr_auto_fd fd = -1;

	if (!*node || strlen(node) >= sizeof(q.node))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0, "'%s' is no node's name", node);
	strcpy(q.node, node);
	fd = cr_client_connect(c->coordinator, &c->err);
	return fd < 0 ? fd : cr_client_ask(fd, &q, NULL, 0, NULL, NULL, &c->err);
}

/* ---- the menu ---- */

struct menu {
	struct cr_ctl *c;
	char nodes[NODES_SHOWN][64];
	size_t n;
	uint64_t last; /* event */
	const char *node;
	bool over;
};

static bool drill_verb_on_node(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	struct menu *m = arg;

	if (r->which_row != cairn_Reply_node_tag || !r->row.node.drills || m->n == NODES_SHOWN)
		return true;
	strcpy(m->nodes[m->n++], r->row.node.name);
	printf("  %2zu  %-20s %-9s %u members\n", m->n, r->row.node.name, r->row.node.state,
	       (unsigned int)r->row.node.members);
	return true;
}

static bool drill_verb_on_event(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	const cairn_EventRow *e = &r->row.event;
	struct menu *m = arg;

	if (r->which_row != cairn_Reply_event_tag)
		return true;
	m->last = e->id;
	if (!m->node)
		return true;
	cr_row_event(e);
	m->over |= !strcmp(e->kind, "drill-end") && !strcmp(e->node, m->node);
	return true;
}

static int menu_ask(struct menu *m, cairn_Ask ask, cr_client_row row)
{
	cairn_Request q = { .ask = ask, .since = m->last };
	cr_auto_fd fd = cr_client_connect(m->c->coordinator, &m->c->err);

	return fd < 0 ? fd : cr_client_ask(fd, &q, NULL, 0, row, m, &m->c->err);
}

/* A line that was typed, without its end; false: no more, or q. */
static bool answer(const char *question, char *to, size_t room)
{
	printf("%s", question);
	fflush(stdout);
	if (!fgets(to, room, stdin))
		return false;
	to[strcspn(to, "\n")] = 0;
	return strcmp(to, "q") != 0;
}

static bool choose_node(struct menu *m)
{
	char text[80];
	size_t i;

	for (;;) {
		if (!answer("node (number or name, q: quit): ", text, sizeof(text)))
			return false;
		i = strtoul(text, NULL, 10);
		if (i >= 1 && i <= m->n) {
			m->node = m->nodes[i - 1];
			return true;
		}
		for (i = 0; i < m->n; i++)
			if (!strcmp(m->nodes[i], text)) {
				m->node = m->nodes[i];
				return true;
			}
		printf("'%s' is none of them\n", text);
	}
}

static const struct fault *choose_fault(void)
{
	char text[80];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(faults); i++)
		printf("  %2zu  %-8s %s\n", i + 1, faults[i].word, faults[i].help);
	for (;;) {
		if (!answer("fault (number or word, q: quit): ", text, sizeof(text)))
			return NULL;
		i = strtoul(text, NULL, 10);
		if (i >= 1 && i <= CR_ARRAY_SIZE(faults))
			return &faults[i - 1];
		for (i = 0; i < CR_ARRAY_SIZE(faults); i++)
			if (!strcmp(faults[i].word, text))
				return &faults[i];
		printf("'%s' is none of them\n", text);
	}
}

static bool choose_time(uint32_t *ms)
{
	struct cr_err err = { 0 };
	char text[80];

	while (answer("for how long (30s): ", text, sizeof(text))) {
		if (!read_time(*text ? text : "30s", ms, &err))
			return true;
		printf("%s\n", err.text);
		cr_err_clear(&err);
	}
	return false;
}

/* What happens, until the drill is over or a key is pressed. */
static int watch(struct menu *m, const struct fault *f)
{
	struct pollfd key = { STDIN_FILENO, POLLIN, 0 };
	char line[80];
	int ret = 0;

	printf("what the cluster does (Enter: back to the menu; the drill ends by itself)\n");
	for (m->over = false; !ret && !m->over;) {
		ret = menu_ask(m, cairn_Ask_ASK_EVENTS, drill_verb_on_event);
		fflush(stdout);
		if (!m->over && poll(&key, 1, 300) > 0)
			return fgets(line, sizeof(line), stdin) ? 0 : ret;
	}
	return ret;
}

static int menu_once(struct menu *m, bool *more)
{
	const struct fault *f;
	uint32_t ms;
	int ret;

	*more = false;
	m->n = 0;
	m->node = NULL;
	printf("nodes that allow drills\n");
	ret = menu_ask(m, cairn_Ask_ASK_NODES, drill_verb_on_node);
	if (!ret && !m->n)
		ret = cr_fail(&m->c->err, CR_EXIT_PERMISSION, 0,
			      "no node allows drills (crnode --allow-drills)");
	if (!ret)
		ret = menu_ask(m, cairn_Ask_ASK_EVENTS, drill_verb_on_event);
	if (ret || !choose_node(m) || !(f = choose_fault()) || !choose_time(&ms))
		return ret;
	*more = true;
	if (drill_verb_ask(m->c, m->node, f->kind, ms)) {
		printf("%s\n", m->c->err.text);
		cr_err_clear(&m->c->err);
		return 0;
	}
	return watch(m, f);
}

static int menu(struct cr_ctl *c)
{
	static struct menu m;
	bool more = true;
	int ret = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0,
			       "--interactive is for a terminal; else: crctl drill NODE FAULT");
	m.c = c;
	while (!ret && more)
		ret = menu_once(&m, &more);
	return ret;
}

int cr_drill_verb(struct cr_ctl *c)
{
	struct cr_json json = CR_JSON_TIGHT(stdout);
	uint32_t ms = 0;
	size_t i;
	int ret;

	if (c->interactive)
		return menu(c);
	for (i = 0; i < CR_ARRAY_SIZE(faults) && strcmp(faults[i].word, c->of[1]); i++)
		;
	if (i == CR_ARRAY_SIZE(faults))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0,
			       "%s is no drill: give cpu, mem, disk, kill, net, hang or migrate",
			       c->of[1]);
	ret = read_time(c->lasts, &ms, &c->err);
	if (!ret)
		ret = drill_verb_ask(c, c->of[0], faults[i].kind, ms);
	if (ret)
		return ret;
	if (c->json)
		cr_print_state("node", c->of[0], faults[i].word, &json);
	else
		printf("%s: %s has begun (crctl events)\n", c->of[0], faults[i].word);
	return 0;
}
