// SPDX-License-Identifier: Apache-2.0
//
// The queues of TCP connections of a stopped job.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cr_err;
struct cr_inet;
struct cr_save;
union cr_inet_name;

void cr_tcp_read_info(struct cr_inet *k);
/* Has all that from has sent come into the queue of to; NULL: it is closed, or elsewhere. */
int cr_tcp_move(struct cr_inet *from, struct cr_inet *to, struct cr_err *err);
/* Peeks at all that is unread; *data is malloced. */
int cr_tcp_read_queue(struct cr_inet *k, char **data, size_t *len);
int cr_tcp_save_queue(struct cr_save *s, struct cr_inet *k, struct cr_err *err);

/* Has what is held back sent at once. */
void cr_tcp_push(const struct cr_inet *k);
/* Room for so many bytes in a receive queue; for len more. */
void cr_tcp_room(int fd, size_t bytes);
void cr_tcp_open_window(int fd, size_t len);
/* Has what has come acknowledged at once, if it is not yet. */
void cr_tcp_acknowledge(int fd);
/* Has the kernel look at the window and tell the sender of it. */
void cr_tcp_tell_window(int fd);
/* Nothing will come any more. */
bool cr_tcp_has_fin(int state);
bool cr_tcp_sent_fin(int state);
/* A client that its listener knows nothing of, though it may have answered. */
bool cr_tcp_is_forgotten(const struct cr_inet *k);
bool cr_tcp_has_listener(struct cr_inet **all, size_t n, const union cr_inet_name *at);
