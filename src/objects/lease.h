// SPDX-License-Identifier: Apache-2.0
//
// O_ASYNC and leases, at a restart.
#pragma once

#include "objects/object.h"

/* By the shepherd, last of all: O_ASYNC, and leases. */
void cr_set_by_number(struct cr_restore *r);
