// SPDX-License-Identifier: Apache-2.0
//
// Where members go that are being moved (move.c), for who places them and who orders copies.
#pragma once

struct co_job;
struct co_member;
struct co_node;
struct cr_place_member;

void co_move_place(const struct co_member *m, struct cr_place_member *to);
/* Where the copy goes first of what it is stopped with; or NULL. */
struct co_node *co_move_goes_to(const struct co_job *j, unsigned int member);
