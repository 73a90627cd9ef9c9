// SPDX-License-Identifier: Apache-2.0
//
// The queues of unix sockets.
#pragma once

struct cr_err;
struct cr_save;
struct unix_socket;

/* Writes what is in the receive queue, without taking it. */
int unix_queue_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);
