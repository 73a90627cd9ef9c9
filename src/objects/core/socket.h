// SPDX-License-Identifier: Apache-2.0
//
// What sockets of every family have: options, buffers, a classic filter.
#pragma once

#include <stddef.h>

#include "common/image.h"

struct cr_err;
struct cr_restore;
struct cr_save;

/* An option that is kept where it differs from a new socket's. Each family has a table of them. */
struct cr_option {
	short level, name;
	short size;
	unsigned short flags; /* the family's own */
};

#define CR_OPTIONS_MAX 160

/* What a new socket says; size is -1 for an option that it does not have. */
struct cr_option_defaults {
	short size[CR_OPTIONS_MAX];
	unsigned char value[CR_OPTIONS_MAX][40];
};

/* 0 or -errno; 0 for what it does not say. */
int cr_socket_set(int fd, int level, int name, int value);
int cr_socket_get(int fd, int level, int name);
/* Bytes as getsockopt() tells them; what is there is never made less by a limit. */
void cr_socket_buffer(int fd, int name, int want);
/* What everybody may set, as getsockopt() tells it. */
int cr_socket_limit(int name);

void cr_option_defaults(int fd, const struct cr_option *table, size_t n,
			struct cr_option_defaults *d);
/* Adds row i to the list, which has room for most, if the socket's differs; false if it is full. */
bool cr_option_read(int fd, const struct cr_option *o, const struct cr_option_defaults *d, size_t i,
		    cairn_SocketOption *list, pb_size_t *n, size_t most);
bool cr_option_add(cairn_SocketOption *list, pb_size_t *n, size_t most, int level, int name,
		   const void *value, size_t size);
int cr_option_restore(int fd, const cairn_SocketOption *o);

/* which: "fd 7", for who has one that is no classic BPF and is refused. */
int cr_filter_save(struct cr_save *s, int fd, pid_t pid, const char *which, bool *has,
		   cairn_Blob *to, struct cr_err *err);
int cr_filter_restore(struct cr_restore *r, int fd, bool has, const cairn_Blob *from,
		      struct cr_err *err);
