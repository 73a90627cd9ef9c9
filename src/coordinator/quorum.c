// SPDX-License-Identifier: Apache-2.0
//
// Quorum peers: nodes that let others go on while the coordinator is out of reach, and that are
// told for whom not to, before anything of a lost node is started elsewhere. leases.h has the
// rules; here is who is chosen, what is sent, and what is kept for the next coordinator.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/nodes.h"
#include "coordinator/quorum.h"
#include "coordinator/session.h"

#define CHANGE_MS 5000 /* between two choices; test/cluster/sockets.sh waits for it */

static int64_t quorum_now_ns(void)
{
	return cr_now_ns(CLOCK_BOOTTIME);
}

bool co_quorum_peer(const struct co_node *n)
{
	const struct cr_fence_generation *g = cr_fence_present(&n->c->fence);
	unsigned int i;

	for (i = 0; g && i < g->n; i++)
		if (g->nodes[i] == n->index)
			return true;
	return false;
}

/* ---- what is sent ---- */

/* Names of those for whom nobody shall vouch, NUL after each. */
static char *barred(struct co *c, size_t *len)
{
	char *names = cr_xmalloc(c->nodes.n * CO_NODE + 1), *at = names;
	size_t i;

	for (i = 0; i < c->nodes.n; i++)
		if (c->fence.nodes[i].barred)
			at = stpcpy(at, c->nodes.v[i]->hello.name) + 1;
	*len = at - names;
	return names;
}

static void quorum_tell(struct co_node *n, const char *names, size_t len)
{
	const struct cr_fence_generation *g = cr_fence_present(&n->c->fence);
	cairn_ClusterMsg *m = co_message(n->c, cairn_ClusterMsg_quorum_tag);
	cairn_Quorum *to = &m->body.quorum;
	unsigned int i;

	to->round = n->c->fence.round;
	to->generation = g ? g->number : 0;
	for (i = 0; g && i < g->n; i++) {
		const struct co_node *w = n->c->nodes.v[g->nodes[i]];
		cairn_QuorumPeer *row = &to->nodes[to->nodes_count++];

		strcpy(row->node, w->hello.name);
		strcpy(row->address, w->hello.addresses[0]);
		row->port = w->hello.vouch_port;
	}
	co_send_node(n, m, names, len);
}

void co_quorum_tell(struct co_node *n)
{
	size_t len;
	char *names = barred(n->c, &len);

	quorum_tell(n, names, len);
	free(names);
}

/* All of them learn of a new generation; of a new round those that have a say. */
static void quorum_tell_all(struct co *c, bool generation)
{
	size_t len, i;
	char *names = barred(c, &len);

	for (i = 0; i < c->nodes.n; i++)
		if (generation || c->nodes.v[i]->vouches)
			quorum_tell(c->nodes.v[i], names, len);
	free(names);
}

void co_quorum_promised(struct co_node *n, const cairn_Promise *p)
{
	n->vouches = true;
	cr_fence_promised(&n->c->fence, n->index, p->round, p->ms * 1000000ll, quorum_now_ns());
}

/* ---- who ---- */

static bool eligible(const struct co_node *n)
{
	return n->up && n->vouches && !n->draining && !n->leaving && n->hello.vouch_port &&
	       n->hello.addresses_count;
}

/* Those that are not retired, as "NUMBER NODE NODE\n". */
static void quorum_keep(struct co *c)
{
	size_t len = 0, room = CR_GENERATIONS_MAX * (16 + CR_QUORUM_MAX * (CO_NODE + 1)), i, k;
	char *text = cr_xmalloc(room);

	for (i = 0; i < c->fence.n_generations; i++) {
		const struct cr_fence_generation *g = &c->fence.generations[i];

		len += snprintf(text + len, room - len, "%u", g->number);
		for (k = 0; k < g->n; k++)
			len += snprintf(text + len, room - len, " %s",
					c->nodes.v[g->nodes[k]]->hello.name);
		len += snprintf(text + len, room - len, "\n");
	}
	text[len] = 0;
	free(c->generations);
	c->generations = text;
	co_db_write(c->db, CO_SQL_SET, "tt", "generations", text);
}

void co_quorum_remember(struct co *c)
{
	char *text = cr_xstrdup(c->generations ? c->generations : ""), *save = NULL, *line, *word,
	     *in_line = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int nodes[CR_QUORUM_MAX], n = 0;
		uint32_t number = strtoul(strtok_r(line, " ", &in_line), NULL, 10);

		while ((word = strtok_r(NULL, " ", &in_line)) && n < CR_QUORUM_MAX) {
			struct co_node *node = co_node_find(c, word);

			if (node)
				nodes[n++] = node->index;
		}
		cr_fence_remember(&c->fence, number, nodes, n);
	}
	free(text);
}

/* An odd number of voices with the coordinator's own: four, two, or none. */
static void quorum_choose(struct co *c)
{
	const struct cr_fence_generation *g = cr_fence_present(&c->fence);
	unsigned int chosen[CR_QUORUM_MAX], n = 0, stay = 0;
	size_t i;

	for (i = 0; g && i < g->n; i++)
		if (eligible(c->nodes.v[g->nodes[i]]))
			chosen[n++] = g->nodes[i];
	stay = n;
	for (i = 0; i < c->nodes.n && n < CR_QUORUM_MAX; i++)
		if (eligible(c->nodes.v[i]) && !co_quorum_peer(c->nodes.v[i]))
			chosen[n++] = i;
	n -= n % 2;
	if (n == (g ? g->n : 0) && stay >= n)
		return;
	/* Fewer than there were, who are away: they may come back. */
	if (g && n < g->n && stay == n)
		return;
	if (!cr_fence_generation(&c->fence, chosen, n))
		return;
	quorum_keep(c);
	quorum_tell_all(c, true);
}

void co_quorum_tick(struct co *c, int64_t now)
{
	const struct cr_fence_generation *g = cr_fence_present(&c->fence);

	/* The first ones at once: until then nobody helps when we fall silent. */
	if ((now >= c->quorum_ms || !g || !g->n) && co_settled(c)) {
		c->quorum_ms = now + CHANGE_MS;
		quorum_choose(c);
	}
	if (c->round != c->fence.round || c->quorum_moved) {
		c->round = c->fence.round;
		quorum_tell_all(c, c->quorum_moved);
		c->quorum_moved = false;
	}
}
