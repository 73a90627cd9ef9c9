// SPDX-License-Identifier: Apache-2.0
//
// What is told of members and checkpoints, to crctl and over HTTP.
#include "coordinator/rows.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/members.h"

void co_member_row(const struct co_member *m, cairn_MemberRow *row)
{
	static const struct {
		cairn_MemberState state;
		const char *text;
	} lives[] = {
		[CO_NONE] = { cairn_MemberState_MEMBER_EXITED, "ended" },
		[CO_STARTING] = { cairn_MemberState_MEMBER_STARTING, "starting" },
		[CO_RUNNING] = { cairn_MemberState_MEMBER_RUNNING, "running" },
		[CO_DYING] = { cairn_MemberState_MEMBER_NONE, "ending" },
		[CO_DEAD] = { cairn_MemberState_MEMBER_NONE, "not running" },
	};

	row->member = m->number;
	row->state = lives[m->life].state;
	snprintf(row->state_text, sizeof(row->state_text), "%s", lives[m->life].text);
	if (m->node)
		snprintf(row->node, sizeof(row->node), "%s", m->node->hello.name);
	if (co_lives(m)) {
		row->processes = m->processes;
		row->rss_bytes = m->rss_bytes;
	}
}

void co_checkpoint_row(const struct co_checkpoint *k, cairn_CheckpointRow *row)
{
	size_t i;

	row->number = k->number;
	row->committed = k->state == CO_COMMITTED;
	row->at_ms = k->at;
	row->stall_ns = k->stall_ns;
	row->wall_ns = k->wall_ns;
	for (i = 0; i < k->n; i++)
		if (k->images[i].holdings.n)
			row->bytes += k->images[i].holdings.v[0].bytes;
}

/* Nodes may share a store: then each of them has it. */
void co_image_rows(struct co *c, const struct co_checkpoint *k,
		   bool (*on)(const cairn_ImageRow *row, void *arg), void *arg)
{
	static cairn_ImageRow row;
	size_t i, h, n;

	for (i = 0; i < k->n; i++)
		for (h = 0; h < k->images[i].holdings.n; h++) {
			const struct co_holding *one = &k->images[i].holdings.v[h];

			for (n = 0; n < c->nodes.n; n++) {
				if (one->state == cairn_HoldingState_HOLDING_GONE ||
				    c->nodes.v[n]->store != one->store)
					continue;
				memset(&row, 0, sizeof(row));
				row.number = k->number;
				row.member = i;
				strcpy(row.node, c->nodes.v[n]->hello.name);
				row.state = one->state;
				row.bytes = one->bytes;
				row.committed = k->state == CO_COMMITTED;
				if (!on(&row, arg))
					return;
			}
		}
}
