// SPDX-License-Identifier: Apache-2.0
/* What datagrams tell besides their content: where they were sent to, hops and class. */
#include "inet.h"

static int setup(enum inet_way way)
{
	union inet_name any = { .any.sa_family = way == INET4 ? AF_INET : AF_INET6 }, to;
	int fd = socket(any.any.sa_family, SOCK_DGRAM, 0), out;

	CHECK(!bind(fd, &any.any, inet_len(&any)));
	to = inet_target(fd, way);
	out = socket(to.any.sa_family, SOCK_DGRAM, 0);
	if (way == INET4) {
		inet_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
		inet_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
		inet_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
		inet_set(out, IPPROTO_IP, IP_TTL, 33);
		inet_set(out, IPPROTO_IP, IP_TOS, 0x20);
		to.v4.sin_addr.s_addr = htonl(0x7f000005); /* 127.0.0.5 */
	} else {
		inet_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		inet_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
		inet_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		inet_set(out, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33);
		inet_set(out, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	}
	CHECK_EQ(sendto(out, "x", 1, 0, &to.any, inet_len(&to)), 1);
	/* The sender is closed: its address can be had again. */
	close(out);
	return fd;
}

static void check(int fd, enum inet_way way)
{
	char control[256], buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int found = 0;

	CHECK_EQ(recvmsg(fd, &h, MSG_DONTWAIT), 1);
	for (c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		void *data = CMSG_DATA(c);

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			CHECK_EQ(ntohl(((struct in_pktinfo *)data)->ipi_addr.s_addr), 0x7f000005);
			found |= 1;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
			CHECK_EQ(*(int *)data, 33);
			found |= 2;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			CHECK_EQ(*(unsigned char *)data, 0x20);
			found |= 4;
		} else if (c->cmsg_type == IPV6_PKTINFO) {
			CHECK(!memcmp(&((struct in6_pktinfo *)data)->ipi6_addr, &in6addr_loopback,
				      16));
			found |= 1;
		} else if (c->cmsg_type == IPV6_HOPLIMIT) {
			CHECK_EQ(*(int *)data, 33);
			found |= 2;
		} else if (c->cmsg_type == IPV6_TCLASS) {
			CHECK_EQ(*(int *)data, 0x20);
			found |= 4;
		}
	}
	CHECK_EQ(found, 7);
}

int main(int argc, char **argv)
{
	int four, six = -1;

	prog_init(argc, argv);
	four = setup(INET4);
	if (inet_has_v6())
		six = setup(INET6);
	prog_ready();
	prog_wait();
	check(four, INET4);
	if (six >= 0)
		check(six, INET6);
	prog_pass();
}
