// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets being filled and connected.
#pragma once

#include "objects/unix_restore.h"

int unix_fill(struct cr_restore *r, struct unix_made *made, struct cr_err *err);
