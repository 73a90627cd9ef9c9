// SPDX-License-Identifier: Apache-2.0
//
// Who is connected, and what is sent to them; see session.c.
#pragma once

#include "coordinator/coordinator.h"

/* An empty message, to be filled in and given to co_send(). */
cairn_ClusterMsg *co_message(struct co *c, pb_size_t which);
bool co_send(struct co_session *s, cairn_ClusterMsg *m, const void *payload, size_t len);
bool co_send_node(struct co_node *n, cairn_ClusterMsg *m, const void *payload, size_t len);
/* The same, of a payload that all members get. */
bool co_send_shared(struct co_node *n, cairn_ClusterMsg *m, struct cr_shared *payload);
/* Of this process with itself, in root's name: told() hears what is answered. NULL: no memory. */
struct co_session *
co_session_own(struct co *c, void (*told)(struct co_session *s, const cairn_Reply *r), void *arg);
void co_session_close(struct co_session *s);
/* Its link has gone already. */
void co_session_forget(struct co_session *s);
struct co_session *co_session_by_id(struct co *c, uint64_t id);
/* Its link, out of this loop; the session is gone. */
struct cr_link *co_session_leave(struct co_session *s);
