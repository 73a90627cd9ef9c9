// SPDX-License-Identifier: Apache-2.0
//
// See stages.h. Runs in: the shepherd's loop; of a restart, before there is one.
#include "shepherd/stages.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io.h"

static int64_t now(void)
{
	return cr_now_ns(CLOCK_MONOTONIC);
}

void cr_stages_add(struct cr_stages *s, const struct cr_stage *table)
{
	for (; table->name; table++) {
		if (s->n == CR_STAGES_MOST)
			abort();
		s->v[s->n++] = table;
	}
}

void cr_stages_settle(struct cr_stages *s, void (*undo)(void *of))
{
	unsigned int i;

	for (i = 0; undo && i < s->n; i++) {
		if (s->v[i]->undo != undo || !(s->owed >> i & 1))
			continue;
		s->owed &= ~(1u << i);
		undo(s->of);
	}
}

void cr_stages_undo(struct cr_stages *s)
{
	unsigned int i;

	for (i = s->n; i-- > 0;)
		if (s->owed >> i & 1)
			cr_stages_settle(s, s->v[i]->undo);
}

static void trace(const struct cr_stages *s, const char *how)
{
	if (s->traced)
		cr_say("stage %s: %s %.3f ms%s", s->traced, cr_stages_name(s),
		       s->took_ns[s->at] / 1e6, how);
}

/* The present stage has run: with all others of the job, if it is to. */
static int close_stage(struct cr_stages *s, int ret)
{
	cairn_Step barrier = s->v[s->at]->barrier;

	if (!ret && barrier)
		ret = s->meet(s->of, barrier);
	s->took_ns[s->at] = cr_stages_took(s, s->at);
	s->began_ns = 0;
	trace(s, ret ? ", failed" : "");
	if (!ret)
		s->at++;
	return ret;
}

static int open_stage(struct cr_stages *s)
{
	const struct cr_stage *st = s->v[s->at];
	size_t i;

	s->began_ns = now();
	if (st->undo)
		s->owed |= 1u << s->at;
	for (i = 0; i < 2; i++)
		cr_stages_settle(s, st->settles[i]);
	return st->run ? st->run(s->of) : 0;
}

int cr_stages_run(struct cr_stages *s)
{
	int ret = 0;

	while (!ret && s->at < s->n) {
		if (s->v[s->at]->when && !s->v[s->at]->when(s->of)) {
			s->at++;
			continue;
		}
		ret = open_stage(s);
		if (ret != CR_LATER)
			ret = close_stage(s, ret);
	}
	return ret;
}

int cr_stages_done(struct cr_stages *s, int ret)
{
	ret = close_stage(s, ret);
	return ret ? ret : cr_stages_run(s);
}

const char *cr_stages_name(const struct cr_stages *s)
{
	return s->at < s->n ? s->v[s->at]->name : "running";
}

int64_t cr_stages_took(const struct cr_stages *s, unsigned int i)
{
	return i == s->at && s->began_ns ? now() - s->began_ns : s->took_ns[i];
}

bool cr_stages_traced(void)
{
	const char *what = getenv("CR_TRACE"), *at = what ? strstr(what, "stages") : NULL;

	return at && (at == what || at[-1] == ',') && (!at[6] || at[6] == ',');
}
