// SPDX-License-Identifier: Apache-2.0
//
// Who runs here, for a crnode that comes after us; see known.c.
#pragma once

#include "node/node.h"

void cr_known_write(struct cr_node *n);
int cr_known_read(struct cr_node *n, struct cr_err *err);
