// SPDX-License-Identifier: Apache-2.0
//
// Faults that an operator rehearses on a node: the node does them, and undoes them by itself. Here
// it is seen whether it may be, who asked is answered when it has begun, and events are written of
// beginning and end. That a drill is on is nowhere kept: it is the node's, which refuses a second.
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "coordinator/drills.h"
#include "coordinator/events.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/replies.h"
#include "coordinator/session.h"

#define USUAL_MS 30000

static const char *const words[] = {
	[cairn_DrillKind_DRILL_CPU] = "cpu",	     [cairn_DrillKind_DRILL_MEM] = "mem",
	[cairn_DrillKind_DRILL_DISK] = "disk",	     [cairn_DrillKind_DRILL_KILL] = "kill",
	[cairn_DrillKind_DRILL_NET] = "net",	     [cairn_DrillKind_DRILL_HANG] = "hang",
	[cairn_DrillKind_DRILL_MIGRATE] = "migrate",
};

cairn_DrillKind co_drill_kind(const char *word)
{
	size_t i;

	for (i = 1; i < CR_ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], word))
			return i;
	return cairn_DrillKind_DRILL_NONE;
}

static const char *word_of(cairn_DrillKind kind)
{
	return kind < CR_ARRAY_SIZE(words) && words[kind] ? words[kind] : "unknown";
}

/* All that it has goes elsewhere, once; it stays as it is. */
static void drill_migrate(struct co_node *n, const struct co_asker *a)
{
	struct co_moving what = { CO_MOVE_FROM, NULL, "a drill: migrate", NULL, n };
	unsigned int moved = 0, left = 0;
	struct co *c = n->c;
	char first[160] = "";
	size_t i, k;

	for (i = 0; i < c->jobs.n; i++) {
		struct co_job *j = c->jobs.v[i];
		struct cr_err err = { 0 };
		bool here = false;

		for (k = 0; k < j->n; k++)
			here |= j->v[k].node == n && co_lives(&j->v[k]);
		if (!here)
			continue;
		if (!co_move(j, &what, &err)) {
			moved++;
			continue;
		}
		if (!left++)
			snprintf(first, sizeof(first), ", %.40s is not: %.100s", j->name, err.text);
	}
	co_event(c, "drill", NULL, n, -1, "migrate: %u jobs are moved elsewhere%s", moved, first);
	if (left && !moved)
		co_reply_error(c, a, CR_EXIT_NO_NODE, "no job can leave %s%s", n->hello.name,
			       first);
	else
		co_reply_end(c, a);
}

static int check(const struct co_node *n, struct cr_err *err)
{
	if (!n->up || !n->session)
		return cr_fail(err, CR_EXIT_NO_NODE, 0, "%s is not connected", n->hello.name);
	if (!n->hello.drills)
		return cr_fail(err, CR_EXIT_PERMISSION, 0,
			       "%s does not allow drills (start its crnode with --allow-drills)",
			       n->hello.name);
	if (n->driller.session)
		return cr_fail(err, CR_EXIT_EXISTS, 0, "a drill is just beginning on %s",
			       n->hello.name);
	return 0;
}

void co_drill(struct co_node *n, const cairn_Request *q, const struct co_asker *a)
{
	struct cr_err err = { 0 };
	cairn_ClusterMsg *m;

	if (check(n, &err)) {
		co_reply_error(n->c, a, err.status, "%s", err.text);
		return;
	}
	if (q->drill == cairn_DrillKind_DRILL_MIGRATE) {
		drill_migrate(n, a);
		return;
	}
	n->driller = *a;
	m = co_message(n->c, cairn_ClusterMsg_drill_tag);
	m->body.drill.kind = q->drill;
	m->body.drill.ms = q->drill_ms ? q->drill_ms : USUAL_MS;
	co_send_node(n, m, NULL, 0);
}

void co_drill_told(struct co_node *n, const cairn_Drill *d)
{
	static const char *const kinds[] = {
		[cairn_DrillState_DRILL_BEGUN] = "drill",
		[cairn_DrillState_DRILL_ENDED] = "drill-end",
		[cairn_DrillState_DRILL_REFUSED] = "drill-refused",
	};
	char text[sizeof(d->text)];

	if (d->state >= CR_ARRAY_SIZE(kinds) || !kinds[d->state])
		return;
	snprintf(text, sizeof(text), "%s", d->text);
	if (d->state == cairn_DrillState_DRILL_BEGUN)
		co_event(n->c, "drill", NULL, n, -1, "%s for %.1f s: %s", word_of(d->kind),
			 d->ms / 1e3, text);
	else
		co_event(n->c, kinds[d->state], NULL, n, -1, "%s: %s", word_of(d->kind), text);
	if (!n->driller.session)
		return;
	if (d->state == cairn_DrillState_DRILL_REFUSED)
		co_reply_error(n->c, &n->driller, CR_EXIT_PERMISSION, "%s refuses the drill: %s",
			       n->hello.name, text);
	else
		co_reply_end(n->c, &n->driller);
	n->driller.session = 0;
}
