// SPDX-License-Identifier: Apache-2.0
/* Listeners: bound to one address, to all, to IPv6 only; with their ports and backlogs. */
#include "inet.h"

static int listener(int family, bool only, bool reuse, int backlog)
{
	union inet_name n = { .any.sa_family = family };
	int fd = socket(family, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	if (only)
		inet_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	inet_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	CHECK(!bind(fd, &n.any, inet_len(&n)) && !listen(fd, backlog));
	return fd;
}

static int backlog_of(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	CHECK(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_sacked;
}

static void check(int fd, int backlog, bool reuse, union inet_name *name, enum inet_way way)
{
	union inet_name now = inet_local(fd);
	int client, server;

	CHECK(inet_same(&now, name));
	CHECK_EQ(tcp_state(fd), TCP_LISTEN);
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_REUSEADDR), reuse);
	CHECK_EQ(backlog_of(fd), backlog);
	CHECK_EQ(inet_events(fd), 0);
	client = inet_connect(fd, way);
	inet_await(fd, POLLIN);
	server = accept(fd, NULL, NULL);
	CHECK(server >= 0);
	inet_talk(client, server);
	close(server);
	close(client);
}

int main(int argc, char **argv)
{
	union inet_name names[5];
	int fd[5], i, only = 0;

	prog_init(argc, argv);
	fd[0] = listener(AF_INET, false, true, 3);
	fd[1] = listener(AF_INET, false, false, 5);
	fd[2] = inet_listen(INET4, 100);
	if (inet_has_v6()) {
		fd[3] = listener(AF_INET6, false, true, 7);
		fd[4] = listener(AF_INET6, true, true, 9);
		only = 1;
	}
	for (i = 0; i < (only ? 5 : 3); i++)
		names[i] = inet_local(fd[i]);
	prog_ready();
	prog_wait();
	check(fd[0], 3, true, &names[0], INET4);
	check(fd[1], 5, false, &names[1], INET4);
	check(fd[2], 100, false, &names[2], INET4);
	if (only) {
		check(fd[3], 7, true, &names[3], INET6);
		check(fd[3], 7, true, &names[3], MAPPED);
		check(fd[4], 9, true, &names[4], INET6);
		CHECK_EQ(inet_get(fd[3], IPPROTO_IPV6, IPV6_V6ONLY), 0);
		CHECK_EQ(inet_get(fd[4], IPPROTO_IPV6, IPV6_V6ONLY), 1);
	}
	prog_pass();
}
