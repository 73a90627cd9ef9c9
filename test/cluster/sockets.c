// SPDX-License-Identifier: Apache-2.0
/*
 * Two members of a job with every kind of connection between them, who know nothing of Cairn:
 *
 *   sockets INDEX FOLDER PORT ADDRESS0 ADDRESS1     INDEX: 0 or 1
 *   sockets occupy PORT                             has a port, as another program would
 *
 * Each sets up its part, writes ready.ROUND.INDEX to FOLDER, keeps numbers going both ways at full
 * speed, and waits for the file verify.ROUND. Then each looks at every name, byte and state, does
 * what a program does later (connects, binds and sends to the addresses that it knows), writes
 * done.ROUND.INDEX, and sets all up again for the next round; until there is a file stop. What is
 * wrong goes to failed.INDEX. A file together.ROUND tells that both are on one node.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 120000
#define CHECK(what)                                                \
	do {                                                       \
		if (!(what))                                       \
			fail("line %d: %s: %m", __LINE__, #what); \
	} while (0)

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int me;
static const char *folder;
static union name hosts[2]; /* of both, without a port */
static unsigned int base;

static void put(const char *name, const char *format, ...)
{
	char path[4096], to[4096 + 8];
	va_list ap;
	FILE *f;

	snprintf(to, sizeof(to), "%s/%s", folder, name);
	snprintf(path, sizeof(path), "%s/.%s.%d", folder, name, me);
	f = fopen(path, "w");
	if (!f)
		exit(3);
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	fclose(f);
	rename(path, to);
}

static void fail(const char *format, ...)
{
	char text[1024], name[32];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "failed.%d", me);
	put(name, "%s\n", text);
	fprintf(stderr, "sockets %d: %s\n", me, text);
	exit(1);
}

static bool exists(const char *format, ...)
{
	char name[64], path[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return !access(path, F_OK);
}

/* ---- names ---- */

static socklen_t len_of(const union name *n)
{
	return n->any.sa_family == AF_INET6 ? sizeof(n->v6) : sizeof(n->v4);
}

static bool same_host(const union name *a, const union name *b);

/* Two that are launched on one host share the ports. */
static unsigned int of(int host, unsigned int port)
{
	return host && same_host(&hosts[0], &hosts[1]) ? port + 50 : port;
}

static union name at(int host, unsigned int port)
{
	union name n = hosts[host];

	port = of(host, port);

	if (n.any.sa_family == AF_INET6)
		n.v6.sin6_port = htons(port);
	else
		n.v4.sin_port = htons(port);
	return n;
}

static union name anywhere(unsigned int port)
{
	union name n = at(me, port);

	if (n.any.sa_family == AF_INET6)
		n.v6.sin6_addr = in6addr_any;
	else
		n.v4.sin_addr.s_addr = 0;
	return n;
}

static unsigned int port_of(const union name *n)
{
	return ntohs(n->any.sa_family == AF_INET6 ? n->v6.sin6_port : n->v4.sin_port);
}

static bool same_host(const union name *a, const union name *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET6)
		return !memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16);
	return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static const char *text_of(const union name *n)
{
	static char text[4][80];
	static unsigned int next;
	char *to = text[next++ % 4], host[64];

	inet_ntop(n->any.sa_family,
		  n->any.sa_family == AF_INET6 ? (void *)&n->v6.sin6_addr :
						 (void *)&n->v4.sin_addr,
		  host, sizeof(host));
	snprintf(to, sizeof(text[0]), "%s|%u", host, port_of(n));
	return to;
}

static union name own_name(int fd)
{
	union name n = { 0 };
	socklen_t len = sizeof(n);

	CHECK(!getsockname(fd, &n.any, &len));
	return n;
}

static union name peer_name(int fd)
{
	union name n = { 0 };
	socklen_t len = sizeof(n);

	CHECK(!getpeername(fd, &n.any, &len));
	return n;
}

static void expect_name(const char *what, const union name *is, const union name *want)
{
	if (!same_host(is, want) || port_of(is) != port_of(want))
		fail("%s is %s instead of %s", what, text_of(is), text_of(want));
}

/* ---- connections, each with the names that it must keep ---- */

struct conn {
	int fd;
	union name own, peer;
};

static void await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail("nothing comes on descriptor %d (%d)", fd, events);
}

static void note_names(struct conn *c)
{
	c->own = own_name(c->fd);
	c->peer = peer_name(c->fd);
	CHECK(same_host(&c->own, &hosts[me]) && same_host(&c->peer, &hosts[!me]));
}

static void check_names(const char *what, const struct conn *c)
{
	union name own = own_name(c->fd), peer = peer_name(c->fd);

	expect_name(what, &own, &c->own);
	expect_name(what, &peer, &c->peer);
}

static int listener(const union name *n, int backlog)
{
	int fd = socket(n->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	CHECK(fd >= 0);
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK(!bind(fd, &n->any, len_of(n)));
	CHECK(!listen(fd, backlog));
	return fd;
}

static int dial(const union name *n)
{
	int64_t tries;

	for (tries = 0; tries < 600; tries++) {
		int fd = socket(n->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		CHECK(fd >= 0);
		if (!connect(fd, &n->any, len_of(n)))
			return fd;
		if (errno != ECONNREFUSED && errno != ETIMEDOUT && errno != EHOSTUNREACH)
			fail("connect to %s: %m", text_of(n));
		close(fd);
		usleep(100000);
	}
	fail("nobody listens at %s", text_of(n));
	return -1;
}

static void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			fail("send: %zd, %m", n);
		p += n;
		len -= n;
	}
}

static void read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n;

		await(fd, POLLIN);
		n = recv(fd, p, len, 0);
		if (n <= 0)
			fail("recv of %zu more: %zd, %m", len, n);
		p += n;
		len -= n;
	}
}

static int main_listener;

/* Connection number k: member 1 dials, member 0 accepts, in the order of their numbers. */
static struct conn meet(uint32_t k)
{
	struct conn c = { 0 };
	uint32_t other = k;

	if (me) {
		union name n = at(0, base);

		c.fd = dial(&n);
		send_all(c.fd, &k, sizeof(k));
	} else {
		await(main_listener, POLLIN);
		c.fd = accept(main_listener, NULL, NULL);
		CHECK(c.fd >= 0);
		read_all(c.fd, &other, sizeof(other));
		CHECK(other == k);
	}
	note_names(&c);
	return c;
}

/* ---- numbers at full speed, both ways, all the time ---- */

#define STREAMS 3
static struct conn streams[STREAMS];
static _Atomic uint64_t counted[STREAMS];
static _Atomic bool ended;

static void *count_out(void *arg)
{
	struct conn *c = arg;
	uint64_t block[512], number = 0;
	unsigned int i;

	while (!ended) {
		for (i = 0; i < 512; i++)
			block[i] = number++ * 0x9e3779b97f4a7c15 + !me;
		send_all(c->fd, block, sizeof(block) - (c - streams) * 8);
		number -= c - streams;
	}
	return NULL;
}

static void *count_in(void *arg)
{
	struct conn *c = arg;
	uint64_t number = 0, got;
	static _Thread_local uint64_t block[999];
	size_t have = 0;

	while (!ended) {
		ssize_t n = recv(c->fd, (char *)block + have, sizeof(block) - have, 0);
		size_t i;

		if (ended)
			break;
		if (n <= 0)
			fail("stream %d ends at number %llu: %zd, %m", (int)(c - streams),
			     (unsigned long long)number, n);
		have += n;
		for (i = 0; i < have / 8; i++) {
			got = block[i];
			if (got != number * 0x9e3779b97f4a7c15 + me)
				fail("stream %d: another number than %llu", (int)(c - streams),
				     (unsigned long long)number);
			number++;
		}
		memmove(block, (char *)block + have / 8 * 8, have % 8);
		have %= 8;
		counted[c - streams] = number;
	}
	return NULL;
}

static void check_streams(void)
{
	uint64_t before[STREAMS];
	int i, tries;

	for (i = 0; i < STREAMS; i++) {
		check_names("a stream's name", &streams[i]);
		before[i] = counted[i];
	}
	for (i = 0; i < STREAMS; i++) {
		for (tries = 0; counted[i] < before[i] + 5000 && tries < 1200; tries++)
			usleep(100000);
		if (tries == 1200)
			fail("stream %d stands still", i);
	}
}

/* ---- what lies unread ---- */

static unsigned char pattern(uint64_t i, int from, int round)
{
	return (i * 131 + (i >> 8) * 7 + from * 89 + round * 31) >> 1;
}

static struct conn full[2];
static uint64_t full_sent[2];
static const int small = 32768;

/* As much as the buffers take. */
static void fill(struct conn *c, uint64_t *sent, int round)
{
	unsigned char block[4096];
	int quiet = 0;

	*sent = 0;
	while (quiet < 5 && *sent < 24u << 20) {
		size_t i;
		ssize_t n;

		for (i = 0; i < sizeof(block); i++)
			block[i] = pattern(*sent + i, me, round);
		n = send(c->fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			*sent += n;
			quiet = 0;
		} else {
			quiet++;
			usleep(50000);
		}
	}
}

static void drain(struct conn *c, uint64_t len, int round)
{
	unsigned char block[65536];
	uint64_t got = 0;

	while (got < len) {
		size_t want = len - got < sizeof(block) ? len - got : sizeof(block), i;
		ssize_t n;

		await(c->fd, POLLIN);
		n = recv(c->fd, block, want, 0);
		if (n <= 0)
			fail("%llu of %llu bytes: %zd, %m", (unsigned long long)got,
			     (unsigned long long)len, n);
		for (i = 0; i < (size_t)n; i++)
			if (block[i] != pattern(got + i, !me, round))
				fail("byte %llu of %llu is another", (unsigned long long)got + i,
				     (unsigned long long)len);
		got += n;
	}
}

static void expect_end(int fd)
{
	char byte;
	ssize_t n;

	await(fd, POLLIN);
	n = recv(fd, &byte, 1, 0);
	if (n)
		fail("instead of the end: %zd, %m", n);
}

static void set_up_full(int round)
{
	char name[64];
	int i;

	for (i = 0; i < 2; i++) {
		full[i] = meet(100 + i);
		if (i) {
			setsockopt(full[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
			setsockopt(full[i].fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		}
		fill(&full[i], &full_sent[i], round);
		snprintf(name, sizeof(name), "sent.%d.%d.%d", round, i, me);
		put(name, "%llu", (unsigned long long)full_sent[i]);
	}
}

static void *drain_one(void *arg)
{
	int i = (int)(intptr_t)arg & 1, round = (int)(intptr_t)arg >> 1;
	char name[64], path[4096];
	unsigned long long len;
	FILE *f;

	snprintf(name, sizeof(name), "sent.%d.%d.%d", round, i, !me);
	while (!exists("%s", name))
		usleep(10000);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	CHECK(f && fscanf(f, "%llu", &len) == 1);
	fclose(f);
	check_names("a full connection's name", &full[i]);
	drain(&full[i], len, round);
	return NULL;
}

static void check_full(int round)
{
	pthread_t t[2];
	char byte = 7;
	int i;

	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, drain_one, (void *)(intptr_t)(i | round << 1));
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < 2; i++) {
		send_all(full[i].fd, &byte, 1);
		byte = 0;
		read_all(full[i].fd, &byte, 1);
		CHECK(byte == 7);
		shutdown(full[i].fd, SHUT_WR);
		expect_end(full[i].fd);
		close(full[i].fd);
	}
}

/* ---- ends that are closed in part ---- */

static struct conn half[5];

/* 0: the dialler has closed, 1: the other one, 2: both, 3: the dialler is gone, 4: urgent byte */
static void set_up_half(int round)
{
	unsigned char data[1000];
	int i, k;

	for (i = 0; i < 1000; i++)
		data[i] = pattern(i, me, round);
	for (k = 0; k < 5; k++) {
		half[k] = meet(200 + k);
		send_all(half[k].fd, data, k == 4 ? 500 : 1000);
		if (k == 4) {
			CHECK(send(half[k].fd, "!", 1, MSG_OOB) == 1);
			send_all(half[k].fd, data + 500, 500);
		}
		if (k == 2 || (k == 0 && me) || (k == 1 && !me))
			shutdown(half[k].fd, SHUT_WR);
		if (k == 3 && me) {
			/* Reads first, so that it is no reset. */
			drain(&half[k], 1000, round);
			close(half[k].fd);
		}
	}
}

static void check_half(int round)
{
	char byte = 0;
	int k;

	for (k = 0; k < 5; k++) {
		if (k == 3 && me)
			continue;
		/* Of those that both have closed the kernel may have forgotten the peer. */
		if (k != 2 && k != 3)
			check_names("a half-closed connection's name", &half[k]);
		if (k == 4) {
			drain(&half[k], 500, round);
			if (recv(half[k].fd, &byte, 1, MSG_OOB) != 1 || byte != '!')
				fail("no urgent byte: %m");
			{
				unsigned char rest[500];
				int i;

				read_all(half[k].fd, rest, sizeof(rest));
				for (i = 0; i < 500; i++)
					CHECK(rest[i] == pattern(500 + i, !me, round));
			}
		} else {
			drain(&half[k], 1000, round);
		}
		if (k == 2 || k == 3 || (k == 0 && !me) || (k == 1 && me))
			expect_end(half[k].fd);
		else if (recv(half[k].fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0)
			/* The other one may be ahead of us. */
			CHECK(byte == 'x' && k == !me);
		else
			CHECK(errno == EAGAIN);
	}
	for (k = 0; k < 5; k++) {
		if (k == 3 && me)
			continue;
		/* The other direction is as open as it was. */
		if (k == 0 && !me)
			send_all(half[k].fd, "x", 1);
		if (k == 1 && me)
			send_all(half[k].fd, "x", 1);
		if ((k == 0 && me) || (k == 1 && !me)) {
			read_all(half[k].fd, &byte, 1);
			CHECK(byte == 'x');
		}
	}
	for (k = 0; k < 5; k++)
		if (k != 3 || !me)
			close(half[k].fd);
}

/* ---- what waits to be accepted, and what comes later ---- */

static int waiting_listener;
static struct conn waiting;

static void set_up_waiting(int round)
{
	union name n = at(0, base + 1);
	char name[64];

	if (!me) {
		if (!waiting_listener)
			waiting_listener = listener(&n, 8);
		return;
	}
	waiting.fd = dial(&n);
	note_names(&waiting);
	snprintf(name, sizeof(name), "waits.%d", round);
	put(name, "%u", port_of(&waiting.own));
}

static void check_waiting(int round)
{
	union name n = at(0, base + 1), from;
	socklen_t len = sizeof(from);
	char byte;
	int fd;

	if (me) {
		check_names("a waiting connection's name", &waiting);
		send_all(waiting.fd, "w", 1);
		read_all(waiting.fd, &byte, 1);
		CHECK(byte == 'W');
		close(waiting.fd);
		return;
	}
	fd = accept(waiting_listener, &from.any, &len);
	CHECK(fd >= 0);
	if (!same_host(&from, &hosts[1]))
		fail("a waiting connection comes from %s", text_of(&from));
	from = own_name(fd);
	expect_name("an accepted connection's name", &from, &n);
	read_all(fd, &byte, 1);
	CHECK(byte == 'w');
	send_all(fd, "W", 1);
	expect_end(fd);
	close(fd);
}

/* A new connection to an address of old, both ways; and a new listener there. */
static void come_anew(int round)
{
	/* On one node two hosts' addresses are one: no port twice, and who has come is not told. */
	bool together = exists("together.%d", round);
	unsigned int port = base + 10 + round, apart = together ? 20 : 0;
	union name n = at(me, port + apart * me), to = at(!me, port + apart * !me), from;
	int fd = listener(&n, 4), out, in;
	socklen_t len = sizeof(from);

	from = own_name(fd);
	expect_name("a new listener's name", &from, &n);
	out = dial(&to);
	await(fd, POLLIN);
	in = accept4(fd, &from.any, &len, SOCK_CLOEXEC);
	CHECK(in >= 0);
	if (!together && !same_host(&from, &hosts[!me]))
		fail("a new connection comes from %s", text_of(&from));
	from = peer_name(out);
	if (!together)
		expect_name("a new connection's peer", &from, &to);
	from = own_name(out);
	CHECK(same_host(&from, &hosts[me]));
	send_all(out, &base, sizeof(base));
	read_all(in, &(unsigned int){ 0 }, sizeof(base));
	shutdown(out, SHUT_WR);
	expect_end(in);
	close(in);
	close(out);
	close(fd);
}

/* ---- datagrams ---- */

static int everywhere = -1, bound = -1, connected = -1;

static int datagram_socket(const union name *n)
{
	int fd = socket(n->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && !bind(fd, &n->any, len_of(n)));
	return fd;
}

static void set_up_datagrams(void)
{
	union name n = anywhere(base + 2), here = at(me, base + 3), there = at(!me, base + 4);

	if (everywhere >= 0)
		return;
	everywhere = datagram_socket(&n);
	bound = datagram_socket(&here);
	here = at(me, base + 4);
	connected = datagram_socket(&here);
	CHECK(!connect(connected, &there.any, len_of(&there)));
}

/* Until the other one has answered: a datagram may be lost. */
static void exchange(int fd, unsigned int port, int how)
{
	union name to = at(!me, port), from = { 0 };
	struct {
		uint32_t port, seen;
	} out = { port, 0 }, in;
	struct iovec iov = { &out, sizeof(out) };
	struct mmsghdr m = { .msg_hdr = { &to, len_of(&to), &iov, 1, NULL, 0, 0 } };
	int tries, got = 0, last = 0;

	for (tries = 0; tries < 2400 && (!got || last < 5); tries++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		out.seen = got;
		errno = 0;
		if (how == 0)
			n = sendto(fd, &out, sizeof(out), 0, &to.any, len_of(&to));
		else if (how == 1)
			n = sendmsg(fd, &m.msg_hdr, 0);
		else if (how == 2)
			n = sendmmsg(fd, &m, 1, 0) == 1 ? (ssize_t)sizeof(out) : -1;
		else
			n = send(fd, &out, sizeof(out), 0);
		if (n != sizeof(out) && errno != ECONNREFUSED)
			fail("sending a datagram to %s: %m", text_of(&to));
		last += got > 1;
		if (poll(&p, 1, 50) < 1)
			continue;
		m.msg_hdr.msg_name = &from;
		m.msg_hdr.msg_namelen = sizeof(from);
		iov.iov_base = &in;
		if (how == 0) {
			socklen_t len = sizeof(from);

			n = recvfrom(fd, &in, sizeof(in), 0, &from.any, &len);
		} else if (how == 1) {
			n = recvmsg(fd, &m.msg_hdr, 0);
		} else {
			n = recvmmsg(fd, &m, 1, 0, NULL) == 1 ? (ssize_t)sizeof(in) : -1;
		}
		m.msg_hdr.msg_name = &to;
		m.msg_hdr.msg_namelen = len_of(&to);
		iov.iov_base = &out;
		if (n != sizeof(in))
			continue;
		CHECK(in.port == port);
		expect_name("a datagram's sender", &from, &to);
		got = in.seen ? 2 : got ? got : 1;
	}
	if (!got)
		fail("no datagrams come to port %u", port);
}

static void check_datagrams(void)
{
	union name n = own_name(everywhere), want = anywhere(base + 2);

	expect_name("the name of a datagram socket", &n, &want);
	n = own_name(bound);
	want = at(me, base + 3);
	expect_name("the name of a bound datagram socket", &n, &want);
	n = peer_name(connected);
	want = at(!me, base + 4);
	expect_name("the peer of a datagram socket", &n, &want);
	exchange(everywhere, base + 2, 0);
	exchange(bound, base + 3, 1);
	exchange(bound, base + 3, 2);
	exchange(connected, base + 4, 3);
}

/* ---- */

static void read_host(union name *n, const char *text)
{
	memset(n, 0, sizeof(*n));
	n->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	CHECK(inet_pton(n->any.sa_family, text,
			n->any.sa_family == AF_INET6 ? (void *)&n->v6.sin6_addr :
						       (void *)&n->v4.sin_addr) == 1);
}

static int occupy(unsigned int port)
{
	struct sockaddr_in6 n = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int tcp = socket(AF_INET6, SOCK_STREAM, 0), udp = socket(AF_INET6, SOCK_DGRAM, 0);

	if (bind(tcp, (struct sockaddr *)&n, sizeof(n)) || listen(tcp, 1))
		return 1;
	n.sin6_port = htons(port + 2);
	if (bind(udp, (struct sockaddr *)&n, sizeof(n)))
		return 1;
	for (;;)
		pause();
}

static void set_up(int round)
{
	set_up_full(round);
	set_up_half(round);
	set_up_waiting(round);
	set_up_datagrams();
}

int main(int argc, char **argv)
{
	union name all;
	char name[64];
	pthread_t t;
	int i, round;

	if (argc == 3 && !strcmp(argv[1], "occupy"))
		return occupy(atoi(argv[2]));
	if (argc != 6)
		return 2;
	me = atoi(argv[1]);
	folder = argv[2];
	base = atoi(argv[3]);
	read_host(&hosts[0], argv[4]);
	read_host(&hosts[1], argv[5]);
	/* Both have one, at the same port if they are on two hosts. */
	all = anywhere(base);
	main_listener = listener(&all, 64);
	for (i = 0; i < STREAMS; i++)
		streams[i] = meet(i);
	for (i = 0; i < STREAMS; i++) {
		pthread_create(&t, NULL, count_out, &streams[i]);
		pthread_create(&t, NULL, count_in, &streams[i]);
	}
	for (round = 0; !exists("stop"); round++) {
		set_up(round);
		snprintf(name, sizeof(name), "ready.%d.%d", round, me);
		put(name, "%d\n", round);
		while (!exists("verify.%d", round) && !exists("stop"))
			usleep(20000);
		if (exists("stop"))
			break;
		check_streams();
		check_full(round);
		check_half(round);
		check_waiting(round);
		/* Of an address that both had nobody knows whose a new port is. */
		if (!same_host(&hosts[0], &hosts[1]))
			come_anew(round);
		check_datagrams();
		snprintf(name, sizeof(name), "done.%d.%d", round, me);
		put(name, "%llu\n", (unsigned long long)counted[0]);
		/* From there on new connections do not tell who has come. */
		while (exists("together.%d", round) && !exists("stop"))
			usleep(20000);
	}
	ended = true;
	return 0;
}
