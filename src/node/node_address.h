// SPDX-License-Identifier: Apache-2.0
//
// Which addresses this node has for others.
#pragma once

#include "node/node.h"

int cr_node_addresses(struct cr_node *n, struct cr_err *err);
