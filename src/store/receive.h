// SPDX-License-Identifier: Apache-2.0
//
// The receiving side of one connection.
#pragma once

struct cr_conn;
struct cr_incoming;

/* Answers a peer until it has sent an image or goes away. */
void cr_receive(struct cr_incoming *in, struct cr_conn *c);
