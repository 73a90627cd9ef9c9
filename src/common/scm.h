// SPDX-License-Identifier: Apache-2.0
//
// Descriptors beside a message on a unix socket. Runs in hosted code and in the agent: no libc but
// memcpy and memset.
#pragma once

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "arch/x86_64/syscall.h"

/* Room for the control message of that many; the kernel takes no more than 253. */
#define CR_RIGHTS_ROOM(n)                                \
	union {                                          \
		char bytes[CMSG_SPACE(sizeof(int) * n)]; \
		struct cmsghdr align;                    \
	}

/* One more control message, behind those that m has; there must be room for it. */
static inline void cr_control_put(struct msghdr *m, int level, int type, const void *data,
				  size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	memset(c, 0, sizeof(*c));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

/* Lets n of them go with m, whose control message is put into a CR_RIGHTS_ROOM of n or more. */
static inline void cr_rights_put(struct msghdr *m, void *room, const int *fds, size_t n)
{
	m->msg_control = room;
	m->msg_controllen = 0;
	cr_control_put(m, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(int) * n);
}

/* What has come with m: up to most in all go to fds, *n counts them, and the others are closed. */
static inline void cr_rights_take(struct msghdr *m, int *fds, size_t most, size_t *n)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t i, came;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		came = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < came; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (*n < most)
				fds[(*n)++] = fd;
			else
				cr_sys1(SYS_close, fd);
		}
	}
}
