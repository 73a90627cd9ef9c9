// SPDX-License-Identifier: Apache-2.0
/* Every option of a socket that can be set. */
#include "unix.h"

static const struct {
	int name, value;
} options[] = {
	{ SO_SNDBUF, 30000 },	{ SO_RCVBUF, 40000 },	{ SO_RCVLOWAT, 7 },
	{ SO_PASSCRED, 1 },	{ SO_PASSSEC, 1 },	{ SO_OOBINLINE, 1 },
	{ SO_KEEPALIVE, 1 },	{ SO_BROADCAST, 1 },	{ SO_REUSEADDR, 1 },
	{ SO_PRIORITY, 3 },	{ SO_TIMESTAMP, 1 },	{ SO_PEEK_OFF, 5 },
	{ 76 /* SO_PASSPIDFD */, 1 }, { 83 /* SO_PASSRIGHTS */, 0 }, { 84 /* SO_INQ */, 1 },
};

static int values[3][ARRAY_SIZE(options)];

static int value_of(int fd, int option)
{
	int v = -1;
	socklen_t len = sizeof(v);

	/* -2: this kernel does not have it. */
	return getsockopt(fd, SOL_SOCKET, option, &v, &len) ? -2 : v;
}

int main(int argc, char **argv)
{
	struct timeval snd = { 3, 240000 }, rcv = { 0, 40000 }, t;
	struct linger on = { 1, 17 }, l;
	int fd[3], plain, sv[2], k;
	socklen_t len;
	size_t i;
	double start;
	char c;

	prog_init(argc, argv);
	plain = u_socket(SOCK_STREAM);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	fd[0] = sv[0];
	fd[1] = u_bound(SOCK_DGRAM, u_file("d"));
	fd[2] = u_listener(SOCK_SEQPACKET, u_abstract("q"), 3);
	for (k = 0; k < 3; k++) {
		for (i = 0; i < ARRAY_SIZE(options); i++) {
			setsockopt(fd[k], SOL_SOCKET, options[i].name, &options[i].value,
				   sizeof(int));
			values[k][i] = value_of(fd[k], options[i].name);
		}
		CHECK(!setsockopt(fd[k], SOL_SOCKET, SO_SNDTIMEO, &snd, sizeof(snd)));
		CHECK(!setsockopt(fd[k], SOL_SOCKET, SO_RCVTIMEO, &rcv, sizeof(rcv)));
		CHECK(!setsockopt(fd[k], SOL_SOCKET, SO_LINGER, &on, sizeof(on)));
	}
	prog_ready();
	prog_wait();
	for (k = 0; k < 3; k++) {
		for (i = 0; i < ARRAY_SIZE(options); i++)
			if (value_of(fd[k], options[i].name) != values[k][i])
				prog_fail(__FILE__, __LINE__, "option %d of %d is %d, was %d",
					  options[i].name, k, value_of(fd[k], options[i].name),
					  values[k][i]);
		len = sizeof(t);
		CHECK(!getsockopt(fd[k], SOL_SOCKET, SO_SNDTIMEO, &t, &len));
		CHECK_EQ(t.tv_sec, 3);
		CHECK_EQ(t.tv_usec, 240000);
		len = sizeof(l);
		CHECK(!getsockopt(fd[k], SOL_SOCKET, SO_LINGER, &l, &len));
		CHECK(l.l_onoff == 1 && l.l_linger == 17);
	}
	CHECK_EQ(value_of(plain, SO_PASSCRED), 0);
	CHECK_EQ(value_of(plain, SO_SNDBUF), value_of(sv[1], SO_SNDBUF));
	start = prog_now(CLOCK_MONOTONIC);
	CHECK(recv(sv[0], &c, 1, 0) == -1 && errno == EAGAIN);
	CHECK(prog_now(CLOCK_MONOTONIC) - start >= 0.039);
	prog_pass();
}
