// SPDX-License-Identifier: Apache-2.0
//
// Which jobs would lose more than they should; see protection.c.
#pragma once

#include "coordinator/coordinator.h"

/* Looks at some of the jobs: at each about once in a second. */
void co_protection_tick(struct co *c);
/* For tests: at one. */
void co_protection_look(struct co_job *j);
