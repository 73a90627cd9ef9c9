// SPDX-License-Identifier: Apache-2.0
//
// The options of internet sockets.
#pragma once

#include <stddef.h>

#include "common/image.h"

struct cr_err;
struct cr_inet;
struct cr_inet_defaults;
struct cr_restore;
struct cr_save;

const struct cr_inet_defaults *cr_inet_defaults(struct cr_inet_defaults **cache,
						const cairn_InetSocket *m);
/* In a thread of its own, if need be; then what there is to say about it. */
void cr_inet_options_read(struct cr_inet *k);
int cr_inet_options_check(const struct cr_inet *k, struct cr_err *err);
/* Both at once, and the filter, for a kind that is rare. */
int cr_inet_options_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err);
void cr_inet_defaults_free(struct cr_inet_defaults *cache);
int cr_inet_filter_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err);

/* Not in every libc's headers: IP_LOCAL_PORT_RANGE. */
#define CR_IP_PORT_RANGE 51

enum cr_inet_phase {
	CR_INET_BEFORE, /* before it is bound: decides what it can be */
	CR_INET_AFTER, /* when its queue is filled and its state is the saved one */
};

void cr_inet_options_restore(int fd, const cairn_InetSocket *m, enum cr_inet_phase phase);
/* CR_INET_AFTER, and the filter. */
int cr_inet_options_finish(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			   struct cr_err *err);
/* The saved value of an option of an int, or missing. */
int cr_inet_option(const cairn_InetSocket *m, int level, int name, int missing);

/* Room for as much as a queue holds, whatever the limits for everybody. */
void cr_inet_grow(int fd, int name, size_t bytes);
/* A receive buffer of so many bytes, as getsockopt() tells them, though SO_RCVBUF may have less. */
void cr_tcp_grow(int fd, int want);
