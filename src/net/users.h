// SPDX-License-Identifier: Apache-2.0
//
// What each user of this host may use of a daemon: connections to its socket, and bytes that come
// over them or wait to be read by the other side. So one user who connects for ever, sends without
// end or never reads takes from nobody but himself. In the daemon's event loop; nothing here fails
// but by saying no.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cr_err;

struct cr_users_limits {
	unsigned int connections; /* of one user */
	size_t bytes; /* of one user, in all of the connections */
	const char *daemon; /* for words: whose options say so */
};

struct cr_users;

/* A user with a connection. */
struct cr_user {
	struct cr_user *next;
	struct cr_users *of;
	uid_t uid;
	unsigned int connections;
	size_t bytes;
};

/* At a port to which nodes connect. */
#define CR_UNPROVED_MAX 512
/* How many who have proved nothing may be here at once: so many, if the descriptors are enough. */
unsigned int cr_unproved_most(unsigned int most);

/* NULL: no memory. */
struct cr_users *cr_users_new(const struct cr_users_limits *limits);
/* When all connections are gone. */
void cr_users_free(struct cr_users *u);

/* One connection more of that user; NULL with the limit that it would pass, and what to do. */
struct cr_user *cr_user_enter(struct cr_users *u, uid_t uid, struct cr_err *err);
/* One less. */
void cr_user_leave(struct cr_user *u);
/* Whether so many bytes more are allowed; err may be NULL. They are not counted by this. */
bool cr_user_may(const struct cr_user *u, size_t more, struct cr_err *err);

/* Tells a client why it is not served, if it has room for that. */
void cr_refuse_client(int fd, const struct cr_err *why);
