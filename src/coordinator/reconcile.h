// SPDX-License-Identifier: Apache-2.0
//
// What is decided about a job; see reconcile.c.
#pragma once

#include "coordinator/coordinator.h"

void co_reconcile(struct co_job *j);
/* For tests: by one rule; its name, or NULL: none holds. */
const char *co_reconcile_step(struct co_job *j, int64_t now);
/* Of the dirty jobs, some; the others in the next turn of the loop. */
void co_work(struct co *c);
/* Those whose time has come are dirty. */
void co_wake(struct co *c, int64_t now);
