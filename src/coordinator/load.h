// SPDX-License-Identifier: Apache-2.0
//
// What the database knows, read at the start.
#pragma once

#include "coordinator/coordinator.h"

int co_load(struct co *c, struct cr_err *err);
void co_job_free(struct co_job *j);
