// SPDX-License-Identifier: Apache-2.0
//
// Calls of hooks and their answers over a stream socket, between Cairn and the process of a plugin.
// Both are of the same program, so structures travel as they are; what comes from a plugin's
// process is checked all the same, as the plugin may have written anything into it.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io.h"
#include "common/scm.h"
#include "plugin/plugin.h"
#include "plugin/plugin_wire.h"

#define MAGIC 0x70726331u

/* 0 when the socket is ready. */
static int plugin_wire_await(int sock, short events, const struct cr_plugin_limit *limit)
{
	struct pollfd p[2] = { { sock, events, 0 }, { limit->ended, POLLIN, 0 } };
	int64_t deadline = limit->deadline, rest;
	int ret;

	for (;;) {
		rest = deadline ? (deadline - cr_now_ns(CLOCK_MONOTONIC) + 999999) / 1000000 : -1;
		if (deadline && rest <= 0)
			return -ETIMEDOUT;
		ret = poll(p, 2, rest > 1000000 ? 1000000 : rest);
		if (ret > 0)
			return p[0].revents ? 0 : -EPIPE;
		if (ret < 0 && errno != EINTR)
			return -errno;
	}
}

/* fd goes with the first byte. */
static int transfer_out(int sock, const void *from, size_t len, int fd,
			const struct cr_plugin_limit *limit)
{
	CR_RIGHTS_ROOM(1) room;
	const char *p = from;
	ssize_t n;
	int ret;

	while (len) {
		struct iovec iov = { (void *)p, len };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

		if (fd >= 0)
			cr_rights_put(&m, &room, &fd, 1);
		n = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			fd = -1;
			p += n;
			len -= n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = plugin_wire_await(sock, POLLOUT, limit);
		if (ret)
			return ret;
	}
	return 0;
}

/* Of the descriptors that come only the first is kept. */
static int transfer_in(int sock, void *to, size_t len, int *fd, const struct cr_plugin_limit *limit)
{
	CR_RIGHTS_ROOM(16) room;
	size_t came = fd && *fd >= 0;
	char *p = to;
	ssize_t n;
	int ret;

	while (len) {
		struct iovec iov = { p, len };
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = &room,
				    .msg_controllen = sizeof(room) };

		ret = plugin_wire_await(sock, POLLIN, limit);
		if (ret)
			return ret;
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (!n)
			return -EPIPE;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		cr_rights_take(&m, fd, fd ? 1 : 0, &came);
		p += n;
		len -= n;
	}
	return 0;
}

int cr_plugin_send(int sock, const struct cr_plugin_msg *m, const void *data, int fd,
		   const struct cr_plugin_limit *limit)
{
	struct cr_plugin_msg out = *m;
	int ret;

	out.magic = MAGIC;
	ret = transfer_out(sock, &out, sizeof(out), fd, limit);
	return ret ? ret : transfer_out(sock, data, m->len, -1, limit);
}

int cr_plugin_recv(int sock, struct cr_plugin_msg *m, void **data, int *fd,
		   const struct cr_plugin_limit *limit)
{
	int ret;

	*data = NULL;
	if (fd)
		*fd = -1;
	ret = transfer_in(sock, m, sizeof(*m), fd, limit);
	if (!ret && (m->magic != MAGIC || m->hook >= CR_HOOKS || m->len > CAIRN_STORE_MAX))
		ret = -EBADMSG;
	if (!ret && m->len) {
		*data = malloc(m->len);
		ret = *data ? transfer_in(sock, *data, m->len, fd, limit) : -ENOMEM;
	}
	if (ret) {
		free(*data);
		*data = NULL;
		if (fd)
			cr_close_fd(fd);
		return ret;
	}
	m->name[sizeof(m->name) - 1] = m->version[sizeof(m->version) - 1] = 0;
	m->path[sizeof(m->path) - 1] = m->text[sizeof(m->text) - 1] = 0;
	return 0;
}
