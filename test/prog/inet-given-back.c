// SPDX-License-Identifier: Apache-2.0
/*
 * What a socket needed for its address and gave back then: SO_REUSEPORT, SO_REUSEADDR, IP_FREEBIND.
 * It has its address again all the same, and the options stay off; so do all those of other
 * sockets, which are what they were.
 */
#include "inet.h"

enum {
	LISTENING, /* two on one port, both without SO_REUSEPORT by now */
	ONE_LISTENING, /* the second only */
	BOUND, /* one listens, the other is only bound */
	DATAGRAM,
	DATAGRAM_ADDR, /* by SO_REUSEADDR */
	FAR, /* bound to an address that is no one's here */
	FAR_DATAGRAM,
	PLAIN, /* a connection */
	GROWN, /* a full datagram queue */
	KINDS
};

static int fds[KINDS][2];
static int before[KINDS][2][3][128], after[KINDS][2][3][128];
static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP };

/* What the kernel counts, or adapts by itself, is no option. */
static bool is_steady(int level, int name)
{
	if (level == SOL_SOCKET)
		return name != SO_SNDBUF && name != SO_INCOMING_CPU && name != 55 &&
		       name != 56 && name != 57 && name != SO_PEERNAME && name != 77 &&
		       name != 71;
	if (level == IPPROTO_IP)
		return name != IP_MTU;
	return name != TCP_INFO && name != TCP_MAXSEG && name != TCP_CC_INFO &&
	       name != TCP_SAVED_SYN && name != TCP_TIMESTAMP && name != TCP_QUICKACK &&
	       name != TCP_WINDOW_CLAMP && name != 35 /* zero-copy receive */;
}

static void read_all(int values[KINDS][2][3][128])
{
	int k, i, l, name;

	for (k = 0; k < KINDS; k++)
		for (i = 0; i < 2; i++)
			for (l = 0; l < 3; l++)
				for (name = 0; name < 128; name++) {
					socklen_t len = sizeof(int);
					int *to = &values[k][i][l][name];

					*to = -1;
					if (!is_steady(levels[l], name) || fds[k][i] < 0)
						continue;
					if (getsockopt(fds[k][i], levels[l], name, to, &len))
						*to = -1 - errno;
				}
}

static int bound(int type, const union inet_name *at, int level, int option)
{
	int fd = socket(at->any.sa_family, type, 0);

	if (option)
		inet_set(fd, level, option, 1);
	CHECK(fd >= 0 && !bind(fd, &at->any, inet_len(at)));
	return fd;
}

static void share(int kind, int type, int option, bool first_too)
{
	union inet_name at = inet_loopback(INET4);

	fds[kind][0] = bound(type, &at, SOL_SOCKET, option);
	at = inet_local(fds[kind][0]);
	fds[kind][1] = bound(type, &at, SOL_SOCKET, option);
	if (type == SOCK_STREAM) {
		CHECK(!listen(fds[kind][0], 4));
		CHECK(kind == BOUND || !listen(fds[kind][1], 4));
	}
	inet_set(fds[kind][1], SOL_SOCKET, option, 0);
	if (first_too)
		inet_set(fds[kind][0], SOL_SOCKET, option, 0);
}

int main(int argc, char **argv)
{
	union inet_name far = { .v4 = { .sin_family = AF_INET, .sin_port = htons(7007) } }, own;
	struct inet_pair pair;
	int k, i, l, name;

	prog_init(argc, argv);
	share(LISTENING, SOCK_STREAM, SO_REUSEPORT, true);
	share(ONE_LISTENING, SOCK_STREAM, SO_REUSEPORT, false);
	share(BOUND, SOCK_STREAM, SO_REUSEPORT, true);
	share(DATAGRAM, SOCK_DGRAM, SO_REUSEPORT, false);
	share(DATAGRAM_ADDR, SOCK_DGRAM, SO_REUSEADDR, true);
	inet_pton(AF_INET, "192.0.2.7", &far.v4.sin_addr);
	fds[FAR][1] = fds[FAR_DATAGRAM][1] = -1;
	fds[FAR][0] = bound(SOCK_STREAM, &far, IPPROTO_IP, IP_FREEBIND);
	fds[FAR_DATAGRAM][0] = bound(SOCK_DGRAM, &far, IPPROTO_IP, IP_FREEBIND);
	inet_set(fds[FAR][0], IPPROTO_IP, IP_FREEBIND, 0);
	inet_set(fds[FAR_DATAGRAM][0], IPPROTO_IP, IP_FREEBIND, 0);
	pair = inet_pair(INET4);
	fds[PLAIN][0] = pair.client;
	fds[PLAIN][1] = pair.server;
	own = inet_loopback(INET4);
	fds[GROWN][0] = bound(SOCK_DGRAM, &own, 0, 0);
	fds[GROWN][1] = bound(SOCK_DGRAM, &own, 0, 0);
	own = inet_local(fds[GROWN][0]);
	for (i = 0; i < 60; i++)
		sendto(fds[GROWN][1], argv, 1, MSG_DONTWAIT, &own.any, inet_len(&own));
	read_all(before);
	prog_ready();
	prog_wait();
	read_all(after);
	for (k = 0; k < KINDS; k++)
		for (i = 0; i < 2; i++)
			for (l = 0; l < 3; l++)
				for (name = 0; name < 128; name++)
					if (before[k][i][l][name] != after[k][i][l][name])
						prog_fail(__FILE__, __LINE__,
							  "kind %d, %d: option %d of level %d is "
							  "%d, was %d",
							  k, i, name, levels[l],
							  after[k][i][l][name],
							  before[k][i][l][name]);
	prog_pass();
}
