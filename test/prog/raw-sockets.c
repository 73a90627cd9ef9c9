// SPDX-License-Identifier: Apache-2.0
/* Raw and packet sockets, which only a privileged job has: protocol, address, options, use. */
#include "inet.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>

static int icmp, packet;
static struct sockaddr_ll where;

static uint16_t sum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t s = 0;

	for (; len; len -= 2)
		s += *p++;
	s = (s >> 16) + (s & 0xffff);
	return ~(s + (s >> 16));
}

/* Asks this host for an echo, and waits for the answer that is ours. */
static void ping(int id)
{
	struct icmphdr q = { .type = ICMP_ECHO };
	char buf[256];
	int i;

	q.un.echo.id = id;
	q.checksum = sum(&q, sizeof(q));
	CHECK_EQ(send(icmp, &q, sizeof(q), 0), sizeof(q));
	for (i = 0; i < 100; i++) {
		ssize_t n = recv(icmp, buf, sizeof(buf), 0);
		struct icmphdr *h = (void *)(buf + 20);

		CHECK(n >= 28);
		if (h->type == ICMP_ECHOREPLY && h->un.echo.id == id)
			return;
	}
	CHECK(!"an answer");
}

int main(int argc, char **argv)
{
	union inet_name n = inet_loopback(INET4);
	struct sockaddr_ll now;
	socklen_t len = sizeof(now);
	struct timeval patience = { 20, 0 };

	prog_init(argc, argv);
	icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (icmp < 0)
		prog_skip("raw sockets are for root");
	CHECK(!connect(icmp, &n.any, inet_len(&n)));
	CHECK(!setsockopt(icmp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	inet_set(icmp, IPPROTO_IP, IP_TTL, 9);
	packet = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP));
	CHECK(packet >= 0);
	where.sll_family = AF_PACKET;
	where.sll_protocol = htons(ETH_P_ARP);
	where.sll_ifindex = if_nametoindex("lo");
	CHECK(!bind(packet, (void *)&where, sizeof(where)));
	inet_set(packet, SOL_PACKET, PACKET_AUXDATA, 1);
	inet_set(packet, SOL_SOCKET, SO_TIMESTAMP, 1);
	ping(1111);
	prog_ready();
	prog_wait();
	CHECK_EQ(inet_get(icmp, IPPROTO_IP, IP_TTL), 9);
	CHECK_EQ(inet_get(icmp, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMP);
	ping(2222);
	CHECK(!getsockname(packet, (void *)&now, &len));
	CHECK_EQ(now.sll_ifindex, where.sll_ifindex);
	CHECK_EQ(now.sll_protocol, where.sll_protocol);
	CHECK_EQ(inet_get(packet, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	CHECK_EQ(inet_get(packet, SOL_PACKET, PACKET_AUXDATA), 1);
	CHECK_EQ(inet_get(packet, SOL_SOCKET, SO_TIMESTAMP), 1);
	prog_pass();
}
