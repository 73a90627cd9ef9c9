// SPDX-License-Identifier: Apache-2.0
/*
 * Connections that both sides have ended while much is still on its way, and such as are over: all
 * of it comes, then the end, and SO_PEERNAME tells who it was.
 */
#include "inet.h"

enum {
	CLOSING, /* the client has sent much and both have ended */
	LAST_ACK, /* the server had ended before */
	BOTH, /* both have sent much */
	ORPHAN, /* as LAST_ACK, and the client has no descriptor any more */
	OVER, /* nothing is on its way */
	GONE, /* nor has the client a descriptor */
	KINDS
};

static struct inet_pair pairs[KINDS][INET_WAYS];
static size_t there[KINDS][INET_WAYS], back[KINDS][INET_WAYS];
static union inet_name names[2][INET_WAYS][2];

static union inet_name peer_name(int fd)
{
	union inet_name n = { 0 };
	/* It gives as much as it is asked for, or nothing. */
	socklen_t len = inet_get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6 ? sizeof(n.v6) :
									  sizeof(n.v4);

	CHECK(!getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &n, &len));
	return n;
}

/* Until the other side's queue is full and ours. */
static size_t stuff(int fd)
{
	static char block[65536];
	size_t total = 0;
	int idle = 0;

	while (idle < 2) {
		ssize_t n = send(fd, block, sizeof(block), MSG_DONTWAIT);

		if (n > 0) {
			total += n;
			idle = 0;
			continue;
		}
		CHECK_EQ(errno, EAGAIN);
		idle++;
		prog_nap_ms(20);
	}
	CHECK(total > 1 << 20);
	return total;
}

static void expect_end(int fd, size_t total)
{
	static char block[65536];
	size_t got = 0;
	ssize_t n;

	do {
		inet_await(fd, POLLIN);
		n = recv(fd, block, sizeof(block), 0);
		CHECK(n >= 0);
		got += n;
	} while (n);
	CHECK_EQ(got, total);
	CHECK_EQ(recv(fd, block, 1, 0), 0);
}

static void make(enum inet_way way)
{
	int k;

	for (k = 0; k < KINDS; k++) {
		struct inet_pair *p = &pairs[k][way];

		*p = inet_pair(way);
		if (k == LAST_ACK || k == ORPHAN)
			CHECK(!shutdown(p->server, SHUT_WR));
		if (k <= ORPHAN)
			there[k][way] = stuff(p->client);
		if (k == BOTH)
			back[k][way] = stuff(p->server);
		if (k == ORPHAN) {
			close(p->client);
			continue;
		}
		CHECK(!shutdown(p->client, SHUT_WR));
		CHECK(!shutdown(p->server, SHUT_WR) || k == LAST_ACK);
		if (k >= OVER) {
			inet_await(p->server, POLLHUP);
			names[k - OVER][way][0] = peer_name(p->client);
			names[k - OVER][way][1] = peer_name(p->server);
		}
		if (k == GONE)
			close(p->client);
	}
	CHECK_EQ(tcp_state(pairs[CLOSING][way].client), TCP_CLOSING);
	CHECK_EQ(tcp_state(pairs[LAST_ACK][way].client), TCP_LAST_ACK);
	CHECK_EQ(tcp_state(pairs[OVER][way].server), TCP_CLOSE);
}

static void check(enum inet_way way)
{
	union inet_name name;
	int k;

	for (k = 0; k < KINDS; k++) {
		struct inet_pair *p = &pairs[k][way];

		if (k >= OVER) {
			name = peer_name(p->server);
			CHECK(inet_same(&name, &names[k - OVER][way][1]));
		}
		if (k == OVER) {
			name = peer_name(p->client);
			CHECK(inet_same(&name, &names[0][way][0]));
		}
		expect_end(p->server, there[k][way]);
		if (k != ORPHAN && k != GONE)
			expect_end(p->client, back[k][way]);
		CHECK(send(p->server, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	}
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	FOR_EACH_WAY(way)
		make(way);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way)
		check(way);
	prog_pass();
}
