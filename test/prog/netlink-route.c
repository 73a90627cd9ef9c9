// SPDX-License-Identifier: Apache-2.0
/* Netlink sockets: asking for links goes on, groups are kept, also above the first 32. */
#include "inet.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static int made(int protocol, unsigned int groups)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW, protocol);

	CHECK(fd >= 0 && !bind(fd, (void *)&a, sizeof(a)));
	return fd;
}

static struct sockaddr_nl name(int fd)
{
	struct sockaddr_nl a = { 0 };
	socklen_t len = sizeof(a);

	CHECK(!getsockname(fd, (void *)&a, &len));
	return a;
}

static void links(int fd)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} q = { { sizeof(q), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, { AF_UNSPEC } };
	char buf[32768];
	bool done = false;
	int found = 0;

	CHECK_EQ(send(fd, &q, sizeof(q), 0), sizeof(q));
	while (!done) {
		int n = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		CHECK(n > 0);
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			done = done || h->nlmsg_type == NLMSG_DONE;
			found += h->nlmsg_type == RTM_NEWLINK;
		}
	}
	CHECK(found > 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_nl was[3], now;
	int fd[3], i;

	prog_init(argc, argv);
	fd[0] = made(NETLINK_ROUTE, 0);
	fd[1] = made(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR);
	inet_set(fd[1], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 33);
	inet_set(fd[1], SOL_NETLINK, NETLINK_PKTINFO, 1);
	inet_set(fd[1], SOL_NETLINK, NETLINK_EXT_ACK, 1);
	fd[2] = made(NETLINK_KOBJECT_UEVENT, 1);
	links(fd[0]);
	for (i = 0; i < 3; i++)
		was[i] = name(fd[i]);
	prog_ready();
	prog_wait();
	for (i = 0; i < 3; i++) {
		now = name(fd[i]);
		CHECK_EQ(now.nl_pid, was[i].nl_pid);
		CHECK_EQ(now.nl_groups, was[i].nl_groups);
	}
	CHECK_EQ(inet_get(fd[0], SOL_SOCKET, SO_PROTOCOL), NETLINK_ROUTE);
	CHECK_EQ(inet_get(fd[2], SOL_SOCKET, SO_PROTOCOL), NETLINK_KOBJECT_UEVENT);
	links(fd[0]);
	CHECK_EQ(inet_get(fd[1], SOL_NETLINK, NETLINK_PKTINFO), 1);
	CHECK_EQ(inet_get(fd[1], SOL_NETLINK, NETLINK_EXT_ACK), 1);
	{
		uint32_t groups[4] = { 0 };
		socklen_t len = sizeof(groups);

		CHECK(!getsockopt(fd[1], SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &len));
		CHECK_EQ(groups[0], RTMGRP_LINK | RTMGRP_IPV4_IFADDR);
		CHECK_EQ(groups[1], 1);
	}
	prog_pass();
}
