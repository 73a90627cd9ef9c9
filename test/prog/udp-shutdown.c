// SPDX-License-Identifier: Apache-2.0
/* Datagram sockets that are shut down in one direction or both, with something still unread. */
#include "inet.h"

static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
static int fds[INET_WAYS][3][2], locals[3][2];

static void make(int pair[2], int i)
{
	CHECK_EQ(send(pair[1], "before", 6, 0), 6);
	CHECK(!shutdown(pair[0], hows[i]));
}

/* What may be read and sent, and what poll tells. */
static void check(const int pair[2], int i, bool local)
{
	char buf[16];

	if (hows[i] != SHUT_RD)
		CHECK(send(pair[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	else
		CHECK_EQ(send(pair[0], "x", 1, MSG_NOSIGNAL), 1);
	CHECK_EQ(!!(inet_events(pair[0]) & POLLRDHUP), hows[i] != SHUT_WR);
	CHECK_EQ(!!(inet_events(pair[0]) & POLLHUP), hows[i] == SHUT_RDWR);
	if (local && hows[i] != SHUT_WR)
		CHECK(send(pair[1], "y", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	CHECK_EQ(recv(pair[0], buf, sizeof(buf), MSG_DONTWAIT), 6);
	if (hows[i] != SHUT_WR)
		CHECK_EQ(recv(pair[0], buf, sizeof(buf), 0), 0);
}

int main(int argc, char **argv)
{
	union inet_name at[2];
	int i, k;

	prog_init(argc, argv);
	for (i = 0; i < 3; i++) {
		FOR_EACH_WAY(way) {
			for (k = 0; k < 2; k++) {
				at[k] = inet_loopback(way);
				fds[way][i][k] = socket(at[k].any.sa_family, SOCK_DGRAM, 0);
				CHECK(!bind(fds[way][i][k], &at[k].any, inet_len(&at[k])));
				at[k] = inet_local(fds[way][i][k]);
			}
			for (k = 0; k < 2; k++)
				CHECK(!connect(fds[way][i][k], &at[!k].any, inet_len(&at[!k])));
			make(fds[way][i], i);
		}
		CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, locals[i]));
		make(locals[i], i);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 3; i++) {
		FOR_EACH_WAY(way)
			check(fds[way][i], i, false);
		check(locals[i], i, true);
	}
	prog_pass();
}
