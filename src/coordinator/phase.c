// SPDX-License-Identifier: Apache-2.0
//
// The course of one checkpoint. See phase.h.
#include "coordinator/phase.h"

#include <string.h>

bool cr_course_begin(struct cr_course *c)
{
	if (c->phase != CR_IDLE)
		return false;
	memset(c, 0, sizeof(*c));
	c->phase = CR_STOPPING;
	return true;
}

bool cr_course_add(struct cr_course *c)
{
	if (c->phase != CR_STOPPING)
		return false;
	c->members++;
	return true;
}

void cr_course_remove(struct cr_course *c, bool had_arrived)
{
	if (c->members)
		c->members--;
	if (had_arrived && c->arrived)
		c->arrived--;
}

bool cr_course_arrive(struct cr_course *c)
{
	if (c->arrived < c->members)
		c->arrived++;
	return c->arrived == c->members;
}

bool cr_course_advance(struct cr_course *c)
{
	if (c->failed || c->phase == CR_IDLE || c->arrived < c->members)
		return false;
	c->phase = c->phase == CR_COMMITTING ? CR_IDLE : c->phase + 1;
	c->arrived = 0;
	return true;
}

void cr_course_fail(struct cr_course *c)
{
	c->failed = true;
}

void cr_course_end(struct cr_course *c)
{
	memset(c, 0, sizeof(*c));
}

const char *cr_phase_name(enum cr_phase phase)
{
	static const char *const names[] = { "running", "stopping", "saving", "writing",
					     "committing" };

	return names[phase];
}
