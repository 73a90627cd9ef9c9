// SPDX-License-Identifier: Apache-2.0
//
// Accepting: a checkpoint that had to accept connections in order to save what is in them has put
// them back as descriptors inside other connections (objects/unix/unix_backlog.c). Here they are
// unpacked. The peer's name tells, and the kernel gives it along with the connection: no call more.
// Runs in: the application's threads.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>

#include "common/accept.h"
#include "preload/agent_addresses.h"
#include "preload/readable.h"
#include "preload/state.h"
#include "preload/wrap_address.h"
#include "preload/wrappers.h"

/* The descriptor that came with a connection, or -1. Only from the shepherd. */
static int wrap_accept_unpack(int conn)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd = -1;

	if (cr_sys5(SYS_getsockopt, conn, SOL_SOCKET, SO_PEERCRED, &cred, &len) ||
	    (cred.uid && cred.uid != (uid_t)cr_sys0(SYS_geteuid)))
		return -1;
	if (cr_sys3(SYS_recvmsg, conn, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == 1 &&
	    m.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA((struct cmsghdr *)room), sizeof(fd));
	return fd;
}

CR_WRAPPER int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	struct sockaddr *out = address.__sockaddr__;
	struct sockaddr_storage name;
	socklen_t n = sizeof(name), room = 0;
	int conn, real, ret;

	cr_wrappers_resolve();
	if (!cr_agent.active || (out && (!len || !agent_readable(len, sizeof(*len)))))
		return cr_real.accept4(fd, address, len, flags);
	if (out)
		room = *len;
	conn = cr_real.accept4(fd, (struct sockaddr *)&name, &n, flags);
	if (conn < 0)
		return conn;
	real = cr_is_held((struct sockaddr_un *)&name, n) ? wrap_accept_unpack(conn) : -1;
	if (real >= 0) {
		cr_sys3(SYS_dup3, real, conn, flags & SOCK_CLOEXEC);
		cr_sys1(SYS_close, real);
		if (flags & SOCK_NONBLOCK)
			cr_sys3(SYS_fcntl, conn, F_SETFL, O_RDWR | O_NONBLOCK);
		n = sizeof(name);
		cr_sys3(SYS_getpeername, conn, &name, &n);
	}
	if (__builtin_expect(agent_addresses_on, 0) && out)
		agent_address_virtual(conn, &name, n);
	/* The kernel writes it: what it finds wrong with the place ends the connection. */
	ret = out ? cr_sys3(SYS_getpeername, conn, out, len) : 0;
	if (ret == -EFAULT || ret == -EINVAL) {
		cr_sys1(SYS_close, conn);
		errno = -ret;
		return -1;
	}
	/* A peer that is gone has no name any more, or it is another for the application. */
	if (out && (ret || __builtin_expect(agent_addresses_on, 0))) {
		memcpy(out, &name, room < n ? room : n);
		*len = n;
	}
	return conn;
}

CR_WRAPPER int accept(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
	return accept4(fd, address, len, 0);
}
