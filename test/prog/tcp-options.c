// SPDX-License-Identifier: Apache-2.0
/* What has been set on connections and listeners stays set, what has not does not. */
#include "inet.h"

/* -1 before Linux 5.15, which does not tell. */
static int buffer_locks(int fd)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, 72 /* SO_BUF_LOCK */, &value, &len) ? -1 : value;
}

static const struct {
	int level, name, value;
} options[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ SOL_SOCKET, SO_REUSEADDR, 1 },
	{ SOL_SOCKET, SO_OOBINLINE, 1 },
	{ SOL_SOCKET, SO_RCVLOWAT, 3 },
	{ SOL_SOCKET, SO_PRIORITY, 4 },
	{ SOL_SOCKET, SO_TIMESTAMP, 1 },
	{ SOL_SOCKET, SO_ZEROCOPY, 1 },
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 1234 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 56 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 7 },
	{ IPPROTO_TCP, TCP_SYNCNT, 4 },
	{ IPPROTO_TCP, TCP_LINGER2, 20 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 98765 },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384 },
	{ IPPROTO_TCP, TCP_INQ, 1 },
};

static const struct {
	int level, name, value;
} more[INET_WAYS][6] = {
	{ { IPPROTO_IP, IP_TOS, 0x10 }, { IPPROTO_IP, IP_TTL, 77 }, { IPPROTO_IP, IP_RECVERR, 1 },
	  { IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO }, { IPPROTO_IP, IP_MINTTL, 3 } },
	{ { IPPROTO_IPV6, IPV6_TCLASS, 0x20 }, { IPPROTO_IPV6, IPV6_UNICAST_HOPS, 88 },
	  { IPPROTO_IPV6, IPV6_RECVERR, 1 }, { IPPROTO_IPV6, IPV6_MINHOPCOUNT, 2 } },
	{ { IPPROTO_IP, IP_TOS, 0x08 }, { IPPROTO_IPV6, IPV6_TCLASS, 0x40 } },
};

static struct inet_pair p[INET_WAYS];

static void set_all(int fd, enum inet_way way)
{
	struct linger l = { 1, 33 };
	struct timeval r = { 12, 500000 }, s = { 34, 0 };
	size_t i;

	for (i = 0; i < 6 && more[way][i].name; i++)
		inet_set(fd, more[way][i].level, more[way][i].name, more[way][i].value);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		inet_set(fd, options[i].level, options[i].name, options[i].value);
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &r, sizeof(r)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &s, sizeof(s)));
	CHECK(!setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	inet_set(fd, SOL_SOCKET, SO_RCVBUF, 50000);
	inet_set(fd, SOL_SOCKET, SO_SNDBUF, 60000);
}

static void check_all(int fd, enum inet_way way)
{
	struct linger l;
	struct timeval r, s;
	socklen_t len = sizeof(l);
	char name[16] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (inet_get(fd, options[i].level, options[i].name) != options[i].value)
			prog_fail(__FILE__, __LINE__, "way %d option %d/%d is %d", way,
				  options[i].level, options[i].name,
				  inet_get(fd, options[i].level, options[i].name));
	for (i = 0; i < 6 && more[way][i].name; i++)
		if (inet_get(fd, more[way][i].level, more[way][i].name) != more[way][i].value)
			prog_fail(__FILE__, __LINE__, "way %d option %d/%d is %d", way,
				  more[way][i].level, more[way][i].name,
				  inet_get(fd, more[way][i].level, more[way][i].name));
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
	CHECK(l.l_onoff == 1 && l.l_linger == 33);
	len = sizeof(r);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &r, &len));
	CHECK(r.tv_sec == 12 && r.tv_usec == 500000);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &s, &len));
	CHECK(s.tv_sec == 34 && !s.tv_usec);
	len = sizeof(name);
	CHECK(!getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	CHECK(!strcmp(name, "reno"));
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_RCVBUF), 100000);
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_SNDBUF), 120000);
	CHECK(buffer_locks(fd) == 3 || buffer_locks(fd) < 0);
}

static void check_none(int fd)
{
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	CHECK_EQ(inet_get(fd, SOL_SOCKET, SO_REUSEADDR), 0);
	CHECK_EQ(inet_get(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	CHECK_EQ(inet_get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	CHECK(buffer_locks(fd) <= 0);
}

int main(int argc, char **argv)
{
	int plain;

	prog_init(argc, argv);
	plain = socket(AF_INET, SOCK_STREAM, 0);
	set_all(plain, INET4);
	FOR_EACH_WAY(way) {
		p[way] = inet_pair(way);
		set_all(p[way].server, way);
		inet_set(p[way].listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
		inet_set(p[way].listener, IPPROTO_TCP, TCP_FASTOPEN, 5);
		inet_set(p[way].listener, IPPROTO_TCP, TCP_MAXSEG, 1000);
		inet_set(p[way].listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	prog_ready();
	prog_wait();
	check_all(plain, INET4);
	FOR_EACH_WAY(way) {
		check_all(p[way].server, way);
		check_none(p[way].client);
		CHECK_EQ(inet_get(p[way].listener, IPPROTO_TCP, TCP_DEFER_ACCEPT), 3);
		CHECK_EQ(inet_get(p[way].listener, IPPROTO_TCP, TCP_FASTOPEN), 5);
		CHECK_EQ(inet_get(p[way].listener, IPPROTO_TCP, TCP_MAXSEG), 1000);
		CHECK_EQ(inet_get(p[way].listener, SOL_SOCKET, SO_KEEPALIVE), 1);
		CHECK_EQ(send(p[way].client, "talk", 4, 0), 4);
		CHECK_EQ(recv(p[way].server, (char[4]){ 0 }, 4, MSG_WAITALL), 4);
	}
	prog_pass();
}
