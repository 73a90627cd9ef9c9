// SPDX-License-Identifier: Apache-2.0
//
// What one user may have the cluster do; see quota.c.
#pragma once

#include "coordinator/coordinator.h"

/* Whether a user may have so much more; *err says what is too much, and what helps. */
int co_quota(struct co *c, uid_t uid, size_t more_members, size_t more_bytes, struct cr_err *err);
