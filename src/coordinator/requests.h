// SPDX-License-Identifier: Apache-2.0
//
// What users ask; see requests.c.
#pragma once

#include "coordinator/coordinator.h"

void co_request(struct co_session *s, const cairn_Request *q, const void *payload, size_t len);
/* Requests that wait for their turn: whether the next can be done, and it is. */
bool co_asks_can(const struct co_job *j);
void co_asks_next(struct co_job *j);
