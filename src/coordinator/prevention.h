// SPDX-License-Identifier: Apache-2.0
//
// Jobs leave nodes before these fail (--evacuate); see prevention.c.
#pragma once

#include "coordinator/coordinator.h"

void co_prevention_init(struct co *c);
void co_prevention_free(struct co *c);
void co_prevention_tick(struct co *c);
