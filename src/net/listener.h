// SPDX-License-Identifier: Apache-2.0
//
// Listeners: links that come to us.
#pragma once

#include <sys/socket.h>

struct cr_listener;
struct cr_trust;
struct cr_users;
struct event_base;

struct cr_err;
struct cr_link;

/*
 * Listens; accepted() is called for each link that is up, and gives its handler and arg (by
 * cr_link_handle()), or closes it. Without trust: a unix socket address only.
 */
struct cr_listener *cr_link_listen(struct event_base *base, const struct sockaddr *at,
				   socklen_t len, const struct cr_trust *trust,
				   void (*accepted)(struct cr_link *l, void *arg), void *arg,
				   struct cr_err *err);
/* Of a unix socket: who connects is counted there, and refused with a Refusal. Before any does. */
void cr_listener_users(struct cr_listener *l, struct cr_users *users);
/* Port that it got, for port 0. */
unsigned int cr_listener_port(const struct cr_listener *l);
void cr_listener_free(struct cr_listener *l);

/* Of a link whose listener is set: it is up, and the listener is forgotten; or it failed. */
void cr_listener_up(struct cr_listener *listener, struct cr_link *l);
void cr_listener_failed(struct cr_listener *listener, struct cr_link *l, const struct cr_err *why);
