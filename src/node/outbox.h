// SPDX-License-Identifier: Apache-2.0
//
// Events of members, until the coordinator has them for certain; see outbox.c.
#pragma once

#include "node/node.h"

void cr_outbox_put(struct cr_node *n, const cairn_MemberEvent *e);
void cr_outbox_put_failed(struct cr_node *n, const cairn_MemberId *id, const struct cr_err *err);
void cr_outbox_again(struct cr_node *n);
void cr_outbox_acknowledged(struct cr_node *n, int64_t beat_ns);
