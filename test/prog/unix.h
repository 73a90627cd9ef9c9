/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the unix socket tests: names, messages with control data, waiting for readiness. */
#ifndef TEST_UNIX_H
#define TEST_UNIX_H

#include "prog.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME_HEAD	offsetof(struct sockaddr_un, sun_path)

struct uname {
	struct sockaddr_un a;
	socklen_t len;
};

static inline struct uname u_path(const char *path)
{
	struct uname n = { .a.sun_family = AF_UNIX };

	CHECK(strlen(path) < sizeof(n.a.sun_path));
	strcpy(n.a.sun_path, path);
	n.len = NAME_HEAD + strlen(path) + 1;
	return n;
}

/* A path in the work directory, short enough: names have 108 bytes. */
static inline struct uname u_file(const char *name)
{
	return u_path(prog_path(name));
}

/* A name of the abstract namespace that no other run of the tests uses. */
static inline struct uname u_abstract(const char *name)
{
	struct uname n = { .a.sun_family = AF_UNIX };
	struct stat st;
	int len;

	CHECK(!stat(prog_dir, &st));
	len = snprintf(n.a.sun_path + 1, sizeof(n.a.sun_path) - 1, "cairn-test-%lx-%s",
		       (long)st.st_ino, name);
	n.len = NAME_HEAD + 1 + len;
	return n;
}

static inline int u_socket(int type)
{
	int fd = socket(AF_UNIX, type, 0);

	CHECK(fd >= 0);
	return fd;
}

static inline int u_bound(int type, struct uname n)
{
	int fd = u_socket(type);

	CHECK(!bind(fd, (struct sockaddr *)&n.a, n.len));
	return fd;
}

static inline int u_listener(int type, struct uname n, int backlog)
{
	int fd = u_bound(type, n);

	CHECK(!listen(fd, backlog));
	return fd;
}

static inline int u_connect(int fd, struct uname n)
{
	return connect(fd, (struct sockaddr *)&n.a, n.len);
}

static inline int u_connected(int type, struct uname n)
{
	int fd = u_socket(type);

	CHECK(!u_connect(fd, n));
	return fd;
}

/* The name is this one; NULL: it has none. */
static inline void u_check_name(const struct sockaddr_un *a, socklen_t len,
				const struct uname *want)
{
	CHECK_EQ(a->sun_family, AF_UNIX);
	CHECK_EQ(len, want ? want->len : NAME_HEAD);
	if (want)
		CHECK(!memcmp(a->sun_path, want->a.sun_path, len - NAME_HEAD));
}

static inline void u_check_own(int fd, const struct uname *want)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	CHECK(!getsockname(fd, (struct sockaddr *)&a, &len));
	u_check_name(&a, len, want);
}

static inline void u_check_peer(int fd, const struct uname *want)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	CHECK(!getpeername(fd, (struct sockaddr *)&a, &len));
	u_check_name(&a, len, want);
}

static inline void u_check_peercred(int fd, pid_t pid)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	CHECK(!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len));
	CHECK_EQ(c.pid, pid);
	CHECK_EQ(c.uid, geteuid());
	CHECK_EQ(c.gid, getegid());
}

/* What is ready now, without waiting. */
static inline int u_ready(int fd, int events)
{
	struct pollfd p = { fd, events, 0 };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static inline void u_send(int fd, const char *text)
{
	CHECK_EQ(send(fd, text, strlen(text), 0), strlen(text));
}

/* The next piece is this text, and no more than this. */
static inline void u_expect(int fd, const char *text)
{
	char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	CHECK_EQ(n, strlen(text));
	CHECK(!memcmp(buf, text, n));
}

static inline void u_expect_nothing(int fd)
{
	char c;

	CHECK(recv(fd, &c, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

static inline void u_expect_end(int fd)
{
	char c;

	CHECK_EQ(recv(fd, &c, 1, MSG_DONTWAIT), 0);
}

static inline void u_set(int fd, int option, int value)
{
	CHECK(!setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)));
}

static inline int u_get(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	CHECK(!getsockopt(fd, SOL_SOCKET, option, &value, &len));
	return value;
}

static inline void u_send_fds(int sock, const char *text, const int *fds, int n)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(16 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
			    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	CHECK_EQ(sendmsg(sock, &m, 0), strlen(text));
}

/* Receives up to len bytes, descriptors and credentials (pid 0 if there are none). */
static inline ssize_t u_recv(int sock, char *buf, size_t len, int *fds, int *nfds,
			     struct ucred *cred)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(16 * sizeof(int)) +
					   CMSG_SPACE(sizeof(*cred))];
	struct iovec iov = { buf, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(sock, &m, MSG_DONTWAIT);

	*nfds = 0;
	if (cred)
		memset(cred, 0, sizeof(*cred));
	for (c = n < 0 ? NULL : CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			*nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), *nfds * sizeof(int));
		} else if (c->cmsg_type == SCM_CREDENTIALS && cred) {
			memcpy(cred, CMSG_DATA(c), sizeof(*cred));
		}
	}
	return n;
}

/* The next message is this text with one descriptor, which is returned. */
static inline int u_expect_fd(int sock, const char *text)
{
	char buf[4096];
	int fds[16], n;

	CHECK_EQ(u_recv(sock, buf, sizeof(buf), fds, &n, NULL), strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
	CHECK_EQ(n, 1);
	return fds[0];
}

#endif
