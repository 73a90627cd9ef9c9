// SPDX-License-Identifier: Apache-2.0
//
// The names of unix sockets.
#pragma once

struct cr_save;
struct unix_socket;

/* The path at which others reach a bound socket, into the description; none if they cannot. */
void unix_name_locate(struct cr_save *s, struct unix_socket *u);
