// SPDX-License-Identifier: Apache-2.0
//
// Where members go that are being moved; see move_places.h.
#include "coordinator/move_places.h"

#include "coordinator/coordinator.h"
#include "coordinator/placement.h"

void co_move_place(const struct co_member *m, struct cr_place_member *to)
{
	const struct co_move *v = &m->job->move;

	if (!m->home)
		return;
	if (v->stage == cairn_MoveStage_MOVE_BACK)
		to->before = m->home->hello.name;
	else if (v->to)
		to->only = v->to->hello.name;
	else
		to->not = m->home->hello.name;
}

struct co_node *co_move_goes_to(const struct co_job *j, unsigned int member)
{
	bool stops = j->move.stage == cairn_MoveStage_MOVE_STOP && j->plan;

	return stops && member < j->n && j->v[member].home ? j->plan[member] : NULL;
}
