// SPDX-License-Identifier: Apache-2.0
//
// How the members of a job end and go elsewhere; see recovery.c.
#pragma once

#include "coordinator/coordinator.h"

/*
 * Where its members go: those of a checkpoint, or, without one, those that live, or those that it
 * begins with. Fills j->plan, or says why there is no place.
 */
bool co_plan(struct co_job *j, struct co_checkpoint *k, bool living, char why[256]);
void co_plan_free(struct co_job *j);
bool co_plan_holds(const struct co_job *j);
/* Every member's image is where it will start. */
bool co_plan_has_images(const struct co_job *j, const struct co_checkpoint *k);
void co_plan_ship(struct co_job *j, struct co_checkpoint *k);
void co_plan_start(struct co_job *j, struct co_checkpoint *k);
/* For one member more; only: on this node or none. */
struct co_node *co_place_one(struct co_job *j, const char *only, char why[256]);
void co_kill_all(struct co_job *j);
