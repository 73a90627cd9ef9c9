/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for programs with internet sockets: IPv4, IPv6 and IPv4 mapped into it. */
#ifndef TEST_INET_H
#define TEST_INET_H

#include "prog.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>

enum inet_way { INET4, INET6, MAPPED, INET_WAYS };

union inet_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline bool inet_has_v6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool ok = fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a));

	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * An IPv4 loopback address for each test, by the folder it works in: on the usual one the kernel
 * gives ports to whoever connects, also those that a listener must have again after a kill.
 */
static inline uint32_t inet_own(void)
{
	static uint32_t own;
	char dir[4096];
	char *p = getcwd(dir, sizeof(dir));

	if (own)
		return own;
	own = 2166136261u;
	while (p && *p)
		own = (own ^ (unsigned char)*p++) * 16777619u;
	own = htonl(127u << 24 | (own % 0xfe0000 + 0x10000));
	return own;
}

/* The loopback address as a listener of that way has it, without a port. */
static inline union inet_name inet_loopback(enum inet_way way)
{
	union inet_name n = { .any.sa_family = way == INET4 ? AF_INET : AF_INET6 };
	uint32_t own = inet_own();

	if (way == INET4) {
		n.v4.sin_addr.s_addr = own;
	} else if (way == INET6) {
		n.v6.sin6_addr = in6addr_loopback;
	} else {
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &n.v6.sin6_addr);
		memcpy(&n.v6.sin6_addr.s6_addr[12], &own, sizeof(own));
	}
	return n;
}

static inline socklen_t inet_len(const union inet_name *n)
{
	return n->any.sa_family == AF_INET6 ? sizeof(n->v6) : sizeof(n->v4);
}

static inline in_port_t *inet_port(union inet_name *n)
{
	return n->any.sa_family == AF_INET6 ? &n->v6.sin6_port : &n->v4.sin_port;
}

static inline union inet_name inet_local(int fd)
{
	union inet_name n = { 0 };
	socklen_t len = sizeof(n);

	CHECK(!getsockname(fd, &n.any, &len));
	return n;
}

static inline union inet_name inet_remote(int fd)
{
	union inet_name n = { 0 };
	socklen_t len = sizeof(n);

	CHECK(!getpeername(fd, &n.any, &len));
	return n;
}

static inline bool inet_same(const union inet_name *a, const union inet_name *b)
{
	return !memcmp(a, b, inet_len(a));
}

static inline int inet_listen(enum inet_way way, int backlog)
{
	union inet_name n = inet_loopback(way);
	int fd = socket(n.any.sa_family, SOCK_STREAM, 0);

	CHECK(fd >= 0 && !bind(fd, &n.any, inet_len(&n)) && !listen(fd, backlog));
	return fd;
}

/* The address of a listener as a client of that way uses it: a mapped one is IPv4 there. */
static inline union inet_name inet_target(int listener, enum inet_way way)
{
	union inet_name at = inet_local(listener), n = inet_loopback(way == INET6 ? INET6 : INET4);

	*inet_port(&n) = *inet_port(&at);
	return n;
}

/*
 * From the test's own address, where there is one: on the usual one a program that listens may get
 * the port while the job is dead. The kernel chooses it as it does for who has bound nothing.
 */
static inline void inet_leave_from_own(int fd, enum inet_way way)
{
	union inet_name n = inet_loopback(INET4);
	int on = 1, off = 0;

	if (way == INET6)
		return;
	CHECK(!setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)));
	CHECK(!bind(fd, &n.any, inet_len(&n)));
	CHECK(!setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &off, sizeof(off)));
}

static inline int inet_connect(int listener, enum inet_way way)
{
	union inet_name n = inet_target(listener, way);
	int fd = socket(n.any.sa_family, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	inet_leave_from_own(fd, way);
	CHECK(!connect(fd, &n.any, inet_len(&n)));
	return fd;
}

/*
 * Connected, but the listener hears of it only a moment later, as the last ACK waits for data to go
 * with it: many in a row are more than its backlog has room for, and answered by SYN cookies.
 */
static inline int inet_connect_late(int listener, enum inet_way way)
{
	union inet_name n = inet_target(listener, way);
	int fd = socket(n.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), off = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	CHECK(fd >= 0 && !setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)));
	inet_leave_from_own(fd, way);
	connect(fd, &n.any, inet_len(&n));
	if (poll(&p, 1, 500) != 1)
		prog_skip("this kernel answers nobody by a SYN cookie");
	CHECK(!fcntl(fd, F_SETFL, 0));
	return fd;
}

static inline int inet_get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(fd, level, name, &value, &len))
		prog_fail(__FILE__, __LINE__, "getsockopt %d %d", level, name);
	return value;
}

static inline void inet_set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		prog_fail(__FILE__, __LINE__, "setsockopt %d %d", level, name);
}

static inline int tcp_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	CHECK(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_state;
}

/* poll's answer about everything. */
static inline int inet_events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static inline void inet_await(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = events };

	CHECK_EQ(poll(&p, 1, 30000), 1);
}

/* A connection, with the names that both ends must keep. */
struct inet_pair {
	enum inet_way way;
	int listener, client, server;
	union inet_name names[4];
};

static inline struct inet_pair inet_pair(enum inet_way way)
{
	struct inet_pair p = { .way = way };

	p.listener = inet_listen(way, 8);
	p.client = inet_connect(p.listener, way);
	p.server = accept(p.listener, NULL, NULL);
	CHECK(p.server >= 0);
	p.names[0] = inet_local(p.client);
	p.names[1] = inet_remote(p.client);
	p.names[2] = inet_local(p.server);
	p.names[3] = inet_remote(p.server);
	return p;
}

static inline void inet_check_names(const struct inet_pair *p)
{
	union inet_name now[4] = { inet_local(p->client), inet_remote(p->client),
				   inet_local(p->server), inet_remote(p->server) };
	int i;

	for (i = 0; i < 4; i++)
		CHECK(inet_same(&now[i], &p->names[i]));
}

/* The ways that this host has. */
#define FOR_EACH_WAY(way) \
	for (enum inet_way way = INET4; way < INET_WAYS; way++) \
		if (way != INET4 && !inet_has_v6()) \
			; \
		else

/* Exactly this is sent to it, no more: on a busy machine it may still be under way. */
static inline void inet_expect(int fd, const void *want, size_t len)
{
	char *buf = malloc(len + 1);
	size_t at = 0;

	while (at < len) {
		ssize_t n;

		inet_await(fd, POLLIN);
		n = recv(fd, buf + at, len - at, 0);
		if (n <= 0)
			prog_fail(__FILE__, __LINE__, "recv gives %zd after %zu of %zu", n, at,
				  len);
		at += n;
	}
	CHECK(!memcmp(buf, want, len));
	CHECK(recv(fd, buf, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	free(buf);
}

/* It still does what a new connection does, both ways. */
static inline void inet_talk(int a, int b)
{
	CHECK_EQ(send(a, "ping", 4, 0), 4);
	inet_expect(b, "ping", 4);
	CHECK_EQ(send(b, "pong!", 5, 0), 5);
	inet_expect(a, "pong!", 5);
}

#endif
