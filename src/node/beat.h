// SPDX-License-Identifier: Apache-2.0
//
// Heartbeats in a thread of their own; see beat.c.
#pragma once

#include "node/node.h"

int cr_beats_init(struct cr_node *n, struct cr_err *err);
/* The page for shepherds, once the socket's name is known. Without it they go by messages. */
void cr_beats_page(struct cr_node *n);
void cr_beats_start(struct cr_node *n);
void cr_beats_free(struct cr_node *n);
/* To which session of the coordinator's they belong; 0: none now. */
void cr_beats_session(struct cr_node *n, uint64_t session);
/* The loop is alive. */
void cr_beats_tick(struct cr_node *n, int64_t now);
/* When the newest one that was answered was sent, 0: none. */
int64_t cr_beats_acked(const struct cr_node *n);
/* The longest that an answer took since this was asked last, 0: none has come. */
int64_t cr_beats_round_trip(struct cr_node *n);
/* Until when the lease lasts; if it is over now, it stays so until it is begun again. */
int64_t cr_beats_until(struct cr_node *n, int64_t now);
/* Longer; again: it was over. False: it has ended just now, so look at that first. */
bool cr_beats_renew(struct cr_node *n, int64_t until, bool again);
