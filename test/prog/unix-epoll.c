// SPDX-License-Identifier: Apache-2.0
/* What epoll and poll say of sockets in every state. */
#include "unix.h"

#include <sys/epoll.h>

#define ASKED	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI)

static struct {
	int fd;
	unsigned int want;
} socks[] = {
	{ -1, EPOLLOUT }, /* quiet */
	{ -1, EPOLLOUT | EPOLLIN }, /* with data */
	{ -1, 0 }, /* full */
	{ -1, EPOLLOUT | EPOLLIN | EPOLLRDHUP | EPOLLHUP }, /* closed by the peer */
	{ -1, EPOLLOUT | EPOLLIN | EPOLLRDHUP }, /* half closed */
	{ -1, EPOLLIN }, /* a listener with somebody in its backlog who has sent something */
	{ -1, 0 }, /* a listener without */
	{ -1, EPOLLOUT | EPOLLIN }, /* datagrams */
	{ -1, EPOLLOUT | EPOLLHUP }, /* never connected */
};

static int ep;

static void check(void)
{
	struct epoll_event ev[16];
	unsigned int got[ARRAY_SIZE(socks)] = { 0 };
	int n = epoll_wait(ep, ev, 16, 0), i;

	CHECK(n >= 0);
	for (i = 0; i < n; i++)
		got[ev[i].data.u32] = ev[i].events;
	for (i = 0; i < (int)ARRAY_SIZE(socks); i++) {
		if (got[i] != socks[i].want)
			prog_fail(__FILE__, __LINE__, "socket %d: epoll says %x, not %x", i,
				  got[i], socks[i].want);
		CHECK_EQ(u_ready(socks[i].fd, ASKED), socks[i].want);
	}
}

int main(int argc, char **argv)
{
	int sv[9][2], i, c;

	prog_init(argc, argv);
	for (i = 0; i < 5; i++) {
		CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv[i]));
		socks[i].fd = sv[i][0];
	}
	u_send(sv[1][1], "x");
	while (send(sv[2][0], prog_dir, 50, MSG_DONTWAIT) > 0)
		;
	close(sv[3][1]);
	CHECK(!shutdown(sv[4][1], SHUT_WR));
	socks[5].fd = u_listener(SOCK_STREAM, u_file("l"), 3);
	c = u_connected(SOCK_STREAM, u_file("l"));
	u_send(c, "early");
	socks[6].fd = u_listener(SOCK_SEQPACKET, u_abstract("l"), 3);
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sv[7]));
	socks[7].fd = sv[7][0];
	u_send(sv[7][1], "d");
	socks[8].fd = u_socket(SOCK_STREAM);
	ep = epoll_create1(0);
	CHECK(ep >= 0);
	for (i = 0; i < (int)ARRAY_SIZE(socks); i++) {
		struct epoll_event ev = { .events = ASKED, .data.u32 = i };

		CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, socks[i].fd, &ev));
	}
	check();
	prog_ready();
	prog_watch(check);
	i = accept(socks[5].fd, NULL, NULL);
	CHECK(i >= 0);
	u_expect(i, "early");
	prog_pass();
}
