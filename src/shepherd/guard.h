// SPDX-License-Identifier: Apache-2.0
//
// A parent for the shepherd of a cluster's member: should the shepherd be killed, nobody would look
// after its lease, so the guard ends all that is left of the member.
#pragma once

#include "common/err.h"

struct cr_shepherd;

/* Forks. The child goes on; the parent never comes back, and exits with the child's status. */
int cr_guard(struct cr_shepherd *sh, struct cr_err *err);
