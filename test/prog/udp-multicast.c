// SPDX-License-Identifier: Apache-2.0
/* Multicast groups, also with sources, and the options of sending to them. */
#include "inet.h"

#include <net/if.h>

static int receiver(int lo, const char *group, const char *source)
{
	union inet_name n = { .any.sa_family = AF_INET };
	struct ip_mreqn join = { .imr_ifindex = lo };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(!bind(fd, &n.any, inet_len(&n)));
	inet_set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	inet_pton(AF_INET, group, &join.imr_multiaddr);
	if (source) {
		struct group_source_req q = { .gsr_interface = lo };

		((struct sockaddr_in *)&q.gsr_group)->sin_family = AF_INET;
		((struct sockaddr_in *)&q.gsr_group)->sin_addr = join.imr_multiaddr;
		((struct sockaddr_in *)&q.gsr_source)->sin_family = AF_INET;
		inet_pton(AF_INET, source, &((struct sockaddr_in *)&q.gsr_source)->sin_addr);
		CHECK(!setsockopt(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, &q, sizeof(q)));
	} else {
		CHECK(!setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)));
	}
	return fd;
}

static int receiver6(int lo)
{
	union inet_name n = { .any.sa_family = AF_INET6 };
	struct ipv6_mreq join = { .ipv6mr_interface = lo };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	CHECK(!bind(fd, &n.any, inet_len(&n)));
	inet_set(fd, IPPROTO_IPV6, 29 /* IPV6_MULTICAST_ALL */, 0);
	inet_pton(AF_INET6, "ff05::1234", &join.ipv6mr_multiaddr);
	CHECK(!setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof(join)));
	return fd;
}

static bool reaches(int out, int to, const char *group, int lo)
{
	union inet_name at = inet_local(to), n = { .any.sa_family = at.any.sa_family };
	char buf[8];

	*inet_port(&n) = *inet_port(&at);
	if (n.any.sa_family == AF_INET) {
		inet_pton(AF_INET, group, &n.v4.sin_addr);
	} else {
		inet_pton(AF_INET6, group, &n.v6.sin6_addr);
		n.v6.sin6_scope_id = lo;
	}
	return sendto(out, "hello", 5, 0, &n.any, inet_len(&n)) == 5 &&
	       recv(to, buf, sizeof(buf), MSG_DONTWAIT) == 5;
}

int main(int argc, char **argv)
{
	struct ip_mreqn by = { .imr_address.s_addr = htonl(INADDR_LOOPBACK) };
	int lo = if_nametoindex("lo"), all, some, other, out, out6 = -1, six = -1;

	prog_init(argc, argv);
	all = receiver(lo, "239.1.2.3", NULL);
	some = receiver(lo, "239.1.2.4", "127.0.0.1");
	other = receiver(lo, "239.1.2.4", "127.0.0.9");
	out = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(!setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)));
	inet_set(out, IPPROTO_IP, IP_MULTICAST_TTL, 5);
	if (inet_has_v6()) {
		six = receiver6(lo);
		out6 = socket(AF_INET6, SOCK_DGRAM, 0);
		inet_set(out6, IPPROTO_IPV6, IPV6_MULTICAST_IF, lo);
		inet_set(out6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 7);
		if (!reaches(out6, six, "ff05::1234", lo))
			six = -1;
	}
	if (!reaches(out, all, "239.1.2.3", lo))
		prog_skip("no multicast on the loopback interface");
	prog_ready();
	prog_wait();
	CHECK(reaches(out, all, "239.1.2.3", lo));
	CHECK(!reaches(out, all, "239.1.2.4", lo));
	CHECK(reaches(out, some, "239.1.2.4", lo));
	CHECK(!reaches(out, other, "239.1.2.4", lo));
	CHECK_EQ(inet_get(out, IPPROTO_IP, IP_MULTICAST_TTL), 5);
	if (six >= 0) {
		CHECK(reaches(out6, six, "ff05::1234", lo));
		CHECK_EQ(inet_get(out6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 7);
	}
	prog_pass();
}
