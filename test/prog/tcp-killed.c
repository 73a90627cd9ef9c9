// SPDX-License-Identifier: Apache-2.0
/*
 * Connections of two clients and a server, on every kind of local address and in many states,
 * with and without SO_REUSEADDR: whichever end dies first, the job can be restarted at once.
 */
#include <ifaddrs.h>

#include "inet.h"

enum {
	IDLE,
	UNREAD, /* by the server */
	ANSWERED, /* not read by the client */
	HALF, /* the client has ended its side */
	OTHER_HALF,
	FULL, /* more than the server's queue takes */
	KINDS
};

#define ADDRESSES 6

static union inet_name addresses[ADDRESSES];
static int naddresses;
static const char text[] = "something to be read";

static void add(const union inet_name *n)
{
	int fd = socket(n->any.sa_family, SOCK_DGRAM, 0);

	if (fd >= 0 && naddresses < ADDRESSES && !bind(fd, &n->any, inet_len(n)))
		addresses[naddresses++] = *n;
	close(fd);
}

/* What other hosts call this one, if it has such an address. */
static void add_host(void)
{
	struct ifaddrs *list, *i;

	CHECK(!getifaddrs(&list));
	for (i = list; i; i = i->ifa_next) {
		union inet_name n = { 0 };

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&n.v4, i->ifa_addr, sizeof(n.v4));
		if (ntohl(n.v4.sin_addr.s_addr) >> 24 == 127)
			continue;
		add(&n);
		break;
	}
	freeifaddrs(list);
}

static void find_addresses(void)
{
	union inet_name n = { .v4 = { .sin_family = AF_INET } };

	n.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	add(&n);
	FOR_EACH_WAY(way) {
		n = inet_loopback(way);
		add(&n);
	}
	add_host();
}

/* One for each address, kind, and use of SO_REUSEADDR by the listener and by the client. */
#define PAIRS (ADDRESSES * KINDS * 4 * 2)
static struct {
	int fd, kind;
	size_t sent;
} ends[PAIRS];
static int nends;
static bool server;

static void fill(int i)
{
	static char block[16384];
	ssize_t n;

	while ((n = send(ends[i].fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		ends[i].sent += n;
}

static void begin(int i)
{
	bool speaks = server ? ends[i].kind == ANSWERED || ends[i].kind == OTHER_HALF :
			       ends[i].kind == UNREAD || ends[i].kind == HALF;

	if (speaks)
		CHECK_EQ(send(ends[i].fd, text, sizeof(text), 0), sizeof(text));
	if (!server && ends[i].kind == FULL)
		fill(i);
	if (ends[i].kind == (server ? OTHER_HALF : HALF))
		CHECK(!shutdown(ends[i].fd, SHUT_WR));
}

static void check(int i)
{
	bool hears = server ? ends[i].kind == UNREAD || ends[i].kind == HALF :
			      ends[i].kind == ANSWERED || ends[i].kind == OTHER_HALF;
	size_t total = 0, want = 0;
	char buf[16384];
	ssize_t n;

	if (hears) {
		CHECK_EQ(recv(ends[i].fd, buf, sizeof(text), MSG_WAITALL), sizeof(text));
		CHECK(!memcmp(buf, text, sizeof(text)));
	}
	if (ends[i].kind == FULL && !server) {
		CHECK_EQ(send(ends[i].fd, &ends[i].sent, sizeof(size_t), 0), sizeof(size_t));
		CHECK(!shutdown(ends[i].fd, SHUT_WR));
	} else if (ends[i].kind == FULL) {
		while ((n = recv(ends[i].fd, buf, sizeof(buf), 0)) > 0) {
			total += n;
			memcpy(&want, buf + n - sizeof(want), sizeof(want));
		}
		CHECK_EQ(n, 0);
		CHECK_EQ(total, want + sizeof(want));
	} else {
		if (ends[i].kind != (server ? OTHER_HALF : HALF))
			CHECK_EQ(send(ends[i].fd, "x", 1, MSG_NOSIGNAL), 1);
		n = recv(ends[i].fd, buf, 1, MSG_WAITALL);
		CHECK_EQ(n, ends[i].kind == (server ? HALF : OTHER_HALF) ? 0 : 1);
	}
}

static int listeners[ADDRESSES][2];

/* One client's; j is how both sides use SO_REUSEADDR. */
static void connect_all(void)
{
	int a, k, j;

	for (a = 0; a < naddresses; a++)
		for (k = 0; k < KINDS; k++)
			for (j = 0; j < (k == FULL ? 1 : 4); j++) {
				union inet_name to = inet_local(listeners[a][j / 2]);
				int fd = socket(to.any.sa_family, SOCK_STREAM, 0);

				inet_set(fd, SOL_SOCKET, SO_REUSEADDR, j % 2);
				CHECK(!connect(fd, &to.any, inet_len(&to)));
				ends[nends].kind = k;
				ends[nends++].fd = fd;
			}
}

static void accept_all(void)
{
	int a, k, j;

	for (a = 0; a < naddresses; a++)
		for (k = 0; k < KINDS; k++)
			for (j = 0; j < (k == FULL ? 1 : 4); j++) {
				ends[nends].kind = k;
				ends[nends].fd = accept(listeners[a][j / 2], NULL, NULL);
				CHECK(ends[nends++].fd >= 0);
			}
}

static void close_listeners(int step)
{
	int a, j;

	for (a = 0; a < naddresses; a += step)
		for (j = 0; j < 2; j++)
			close(listeners[a][j]);
}

static void live(const char *mark)
{
	int i;

	for (i = 0; i < nends; i++)
		begin(i);
	prog_mark(mark);
	prog_wait();
	for (i = 0; i < nends; i++)
		check(i);
}

/* At a port that the kernel gives to nobody by itself. */
static void bind_low(int fd, union inet_name at, int n)
{
	int port;

	for (port = 1024 + (ntohl(inet_own()) + n) % 20000;; port++) {
		*inet_port(&at) = htons(port);
		if (!bind(fd, &at.any, inet_len(&at)))
			return;
		CHECK_EQ(errno, EADDRINUSE);
	}
}

int main(int argc, char **argv)
{
	pid_t children[2];
	int a, j;

	prog_init(argc, argv);
	find_addresses();
	for (a = 0; a < naddresses; a++)
		for (j = 0; j < 2; j++) {
			int fd = socket(addresses[a].any.sa_family, SOCK_STREAM, 0);

			inet_set(fd, SOL_SOCKET, SO_REUSEADDR, j);
			bind_low(fd, addresses[a], a * 2 + j);
			CHECK(!listen(fd, 100));
			listeners[a][j] = fd;
		}
	/* The listeners are not the first that a restart comes to. */
	children[0] = prog_fork();
	if (!children[0]) {
		server = true;
		accept_all();
		accept_all();
		/* As a library does that waits for its peers only once. */
		close_listeners(2);
		live("served");
		exit(0);
	}
	children[1] = prog_fork();
	if (children[1])
		connect_all();
	else
		prog_await("connected");
	prog_mark("connected");
	if (!children[1])
		connect_all();
	close_listeners(1);
	if (!children[1]) {
		live("second");
		exit(0);
	}
	prog_await("served");
	prog_await("second");
	live("ready");
	for (a = 0; a < 2; a++)
		prog_reap(children[a]);
	prog_pass();
}
