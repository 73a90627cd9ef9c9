// SPDX-License-Identifier: Apache-2.0
//
// What has happened, for users; see events.c.
#pragma once

#include "coordinator/coordinator.h"

void co_event(struct co *c, const char *kind, const struct co_job *j, const struct co_node *n,
	      int member, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Those behind since, at most so many, of all users, until on() has enough. */
void co_events_each(struct co *c, uint64_t since, uint64_t most,
		    bool (*on)(const cairn_EventRow *row, void *arg), void *arg);
void co_events_tell(struct co *c, const struct co_asker *a, const cairn_Request *q);
