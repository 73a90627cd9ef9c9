// SPDX-License-Identifier: Apache-2.0
//
// Until when the members here may live; see node_lease.c.
#pragma once

#include "node/node.h"

int cr_lease_init(struct cr_node *n, struct cr_err *err);
/* False when the lease is over; its members are being ended then. */
bool cr_lease_look(struct cr_node *n);
void cr_lease_renew(struct cr_node *n, int64_t from_ns, unsigned int ms);
void cr_lease_tell(struct cr_node *n, struct cr_node_member *m);
unsigned int cr_lease_left(const struct cr_node *n);
/* What vouches while the coordinator is away. */
void cr_lease_refused(struct cr_node *n);
