// SPDX-License-Identifier: Apache-2.0
/* Urgent data: out of band with bytes around it, already read, in line, and as the last byte. */
#include "inet.h"

static struct inet_pair out[INET_WAYS], done[INET_WAYS], inl[INET_WAYS], last[INET_WAYS];

static void put(int fd)
{
	CHECK_EQ(send(fd, "before", 6, 0), 6);
	CHECK_EQ(send(fd, "!", 1, MSG_OOB), 1);
}

static int at_mark(int fd)
{
	int at = -1;

	CHECK(!ioctl(fd, SIOCATMARK, &at));
	return at;
}

static void make(enum inet_way way)
{
	char c;

	out[way] = inet_pair(way);
	put(out[way].client);
	CHECK_EQ(send(out[way].client, "behind", 6, 0), 6);
	done[way] = inet_pair(way);
	put(done[way].server);
	CHECK_EQ(send(done[way].server, "behind", 6, 0), 6);
	inet_await(done[way].client, POLLPRI);
	CHECK_EQ(recv(done[way].client, &c, 1, MSG_OOB), 1);
	inl[way] = inet_pair(way);
	inet_set(inl[way].server, SOL_SOCKET, SO_OOBINLINE, 1);
	put(inl[way].client);
	CHECK_EQ(send(inl[way].client, "behind", 6, 0), 6);
	last[way] = inet_pair(way);
	put(last[way].client);
}

static void expect(int fd, const char *text)
{
	char buf[32];

	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), (ssize_t)strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
}

static void check(enum inet_way way)
{
	char c;

	CHECK(inet_events(out[way].server) & POLLPRI);
	CHECK_EQ(at_mark(out[way].server), 0);
	expect(out[way].server, "before");
	CHECK_EQ(at_mark(out[way].server), 1);
	CHECK_EQ(recv(out[way].server, &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '!');
	expect(out[way].server, "behind");

	CHECK(!(inet_events(done[way].client) & POLLPRI));
	expect(done[way].client, "before");
	CHECK_EQ(at_mark(done[way].client), 1);
	CHECK(recv(done[way].client, &c, 1, MSG_OOB) == -1 && errno == EINVAL);
	expect(done[way].client, "behind");

	CHECK(inet_events(inl[way].server) & POLLPRI);
	expect(inl[way].server, "before");
	CHECK_EQ(at_mark(inl[way].server), 1);
	expect(inl[way].server, "!behind");

	CHECK(inet_events(last[way].server) & POLLPRI);
	expect(last[way].server, "before");
	CHECK_EQ(recv(last[way].server, &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '!');
	CHECK(recv(last[way].server, &c, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	inet_talk(last[way].client, last[way].server);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	out[0] = inet_pair(INET4);
	/* Of the kernel, whatever may be in between. */
	if (syscall(SYS_setsockopt, out[0].server, SOL_SOCKET, SO_PEEK_OFF, &(int){ -1 }, 4))
		prog_skip("nobody sees behind an urgent byte here: a checkpoint refuses it");
	FOR_EACH_WAY(way)
		make(way);
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way)
		check(way);
	prog_pass();
}
