// SPDX-License-Identifier: Apache-2.0
/*
 * Numbered messages through every kind of socket, until the file stop appears: for each kind one
 * process sends and one receives, which checks that none is lost, doubled, changed or out of order.
 * To add a kind: its row in kinds[], with functions that send and receive one message.
 * usage: queues WORKDIR
 */
#include "../prog/inet.h"
#include "../prog/unix.h"

#define LAST 0xffffffffu
#define MAX 3000

struct message {
	uint32_t number, len;
	unsigned char data[MAX];
};

struct kind {
	const char *name;
	/* Before the fork. */
	void (*make)(struct kind *k);
	void (*send)(struct kind *k, const struct message *m);
	void (*receive)(struct kind *k, struct message *m);
	int fd[2]; /* the sender's and the receiver's */
	int type;
};

#define HEAD offsetof(struct message, data)

/* ---- kinds ---- */

static void make_pair(struct kind *k)
{
	CHECK(!socketpair(AF_UNIX, k->type, 0, k->fd));
}

static void make_pipe(struct kind *k)
{
	int p[2];

	CHECK(!pipe(p));
	k->fd[0] = p[1];
	k->fd[1] = p[0];
}

/* A connection by name. */
static void make_named(struct kind *k)
{
	struct uname n = u_file(k->name);
	int l = u_listener(k->type, n, 5);

	k->fd[0] = u_connected(k->type, n);
	k->fd[1] = accept(l, NULL, NULL);
	CHECK(k->fd[1] >= 0);
	close(l);
}

static void make_listener(struct kind *k)
{
	k->fd[1] = u_listener(k->type, u_file(k->name), 5);
}

static void make_receiver(struct kind *k)
{
	k->fd[1] = u_bound(SOCK_DGRAM, u_file(k->name));
	k->fd[0] = u_bound(SOCK_DGRAM, u_abstract(k->name));
	CHECK(!u_connect(k->fd[0], u_file(k->name)));
}

static void write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		CHECK(n > 0);
		p += n;
		len -= n;
	}
}

static void read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		CHECK(n > 0);
		p += n;
		len -= n;
	}
}

static void send_bytes(struct kind *k, const struct message *m)
{
	write_all(k->fd[0], m, HEAD + m->len);
}

static void receive_bytes(struct kind *k, struct message *m)
{
	read_all(k->fd[1], m, HEAD);
	CHECK(m->len <= MAX);
	read_all(k->fd[1], m->data, m->len);
}

static void send_packet(struct kind *k, const struct message *m)
{
	CHECK_EQ(send(k->fd[0], m, HEAD + m->len, 0), HEAD + m->len);
}

static void receive_packet(struct kind *k, struct message *m)
{
	CHECK_EQ(recv(k->fd[1], m, sizeof(*m), 0), HEAD + m->len);
}

/* Each message by a connection of its own, which often waits in the backlog. */
static void send_connecting(struct kind *k, const struct message *m)
{
	int fd = u_connected(k->type, u_file(k->name));

	write_all(fd, m, HEAD + m->len);
	close(fd);
}

static void receive_accepting(struct kind *k, struct message *m)
{
	int fd = accept(k->fd[1], NULL, NULL);
	char byte;

	CHECK(fd >= 0);
	read_all(fd, m, HEAD);
	read_all(fd, m->data, m->len);
	CHECK_EQ(read(fd, &byte, 1), 0);
	close(fd);
}

/* The message is in a socket that is under way. */
static void send_inside(struct kind *k, const struct message *m)
{
	int sv[2];

	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
	CHECK_EQ(send(sv[0], m, HEAD + m->len, 0), HEAD + m->len);
	u_send_fds(k->fd[0], "x", &sv[1], 1);
	close(sv[0]);
	close(sv[1]);
}

static void receive_inside(struct kind *k, struct message *m)
{
	char byte;
	int fds[16], n;

	CHECK(poll(&(struct pollfd){ k->fd[1], POLLIN, 0 }, 1, -1) == 1);
	CHECK_EQ(u_recv(k->fd[1], &byte, 1, fds, &n, NULL), 1);
	CHECK_EQ(n, 1);
	CHECK_EQ(recv(fds[0], m, sizeof(*m), MSG_DONTWAIT), HEAD + m->len);
	close(fds[0]);
}

/* ---- internet ---- */

/* A connection over IPv4, IPv6 or both; the type says which. */
static void make_tcp(struct kind *k)
{
	struct inet_pair p = inet_pair(k->type == INET4 || inet_has_v6() ? k->type : INET4);

	k->fd[0] = p.client;
	k->fd[1] = p.server;
	close(p.listener);
}

static void make_tcp_listener(struct kind *k)
{
	k->fd[1] = inet_listen(INET4, 100);
	k->fd[0] = dup(k->fd[1]);
}

/* As many as surely fit into the backlog: beyond it TCP keeps no order. */
static void send_tcp_connecting(struct kind *k, const struct message *m)
{
	static int open_fds[4] = { -1, -1, -1, -1 };
	int *fd = &open_fds[m->number % 4];
	char byte;

	if (*fd >= 0) {
		CHECK_EQ(read(*fd, &byte, 1), 0);
		close(*fd);
	}
	*fd = inet_connect(k->fd[0], INET4);
	write_all(*fd, m, HEAD + m->len);
	CHECK(!shutdown(*fd, SHUT_WR));
}

static void make_udp(struct kind *k)
{
	union inet_name n = inet_loopback(k->type), peer;
	int i;

	for (i = 0; i < 2; i++) {
		k->fd[i] = socket(n.any.sa_family, SOCK_DGRAM, 0);
		CHECK(k->fd[i] >= 0 && !bind(k->fd[i], &n.any, inet_len(&n)));
	}
	for (i = 0; i < 2; i++) {
		peer = inet_local(k->fd[!i]);
		CHECK(!connect(k->fd[i], &peer.any, inet_len(&peer)));
	}
}

/* What does not fit is dropped: so the receiver says what it has, and eight may be under way. */
static void send_udp(struct kind *k, const struct message *m)
{
	char byte;

	CHECK_EQ(send(k->fd[0], m, HEAD + m->len, 0), HEAD + m->len);
	if (m->number >= 8)
		CHECK_EQ(recv(k->fd[0], &byte, 1, 0), 1);
}

static void receive_udp(struct kind *k, struct message *m)
{
	receive_packet(k, m);
	CHECK_EQ(send(k->fd[1], "", 1, 0), 1);
}

static struct kind kinds[] = {
#define NONE { -1, -1 }
	{ "pipe", make_pipe, send_bytes, receive_bytes, NONE, 0 },
	{ "unix-stream", make_pair, send_bytes, receive_bytes, NONE, SOCK_STREAM },
	{ "unix-stream-named", make_named, send_bytes, receive_bytes, NONE, SOCK_STREAM },
	{ "unix-dgram", make_pair, send_packet, receive_packet, NONE, SOCK_DGRAM },
	{ "unix-dgram-named", make_receiver, send_packet, receive_packet, NONE, 0 },
	{ "unix-seqpacket", make_named, send_packet, receive_packet, NONE, SOCK_SEQPACKET },
	{ "unix-listener", make_listener, send_connecting, receive_accepting, NONE, SOCK_STREAM },
	{ "tcp", make_tcp, send_bytes, receive_bytes, NONE, INET4 },
	{ "tcp-ipv6", make_tcp, send_bytes, receive_bytes, NONE, INET6 },
	{ "tcp-mapped", make_tcp, send_bytes, receive_bytes, NONE, MAPPED },
	{ "tcp-listener", make_tcp_listener, send_tcp_connecting, receive_accepting, NONE, 0 },
	{ "udp", make_udp, send_udp, receive_udp, NONE, INET4 },
	{ "unix-rights", make_pair, send_inside, receive_inside, NONE, SOCK_STREAM },
};

/* ---- both ends ---- */

static void fill(struct message *m, uint32_t number, size_t kind)
{
	m->number = number;
	m->len = prog_noise(number * 16 + kind) % MAX;
	prog_fill(m->data, m->len, number + 7 * kind);
}

/* Now and then, so that queues are full, empty and in between. */
static void dawdle(uint32_t number, size_t seed)
{
	uint64_t x = prog_noise(number * 31ull + seed);

	if (x % 16 == 0)
		prog_nap_ms(x / 16 % 4);
}

static void run_sender(size_t i)
{
	static struct message m;
	uint32_t n;

	for (n = 0; !prog_has("stop"); n++) {
		fill(&m, n, i);
		kinds[i].send(&kinds[i], &m);
		dawdle(n, i);
	}
	fill(&m, LAST, i);
	kinds[i].send(&kinds[i], &m);
}

static uint32_t run_receiver(size_t i)
{
	static struct message m, want;
	uint32_t n;

	for (n = 0;; n++) {
		kinds[i].receive(&kinds[i], &m);
		if (m.number == LAST)
			return n;
		fill(&want, n, i);
		if (m.number != n || m.len != want.len || memcmp(m.data, want.data, m.len))
			prog_fail(__FILE__, __LINE__, "%s: message %u came, %u was expected",
				  kinds[i].name, m.number, n);
		dawdle(n, i + 100);
	}
}

int main(int argc, char **argv)
{
	pid_t pid[ARRAY_SIZE(kinds)][2];
	size_t i;

	prog_init(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		kinds[i].make(&kinds[i]);
		pid[i][0] = prog_fork();
		if (!pid[i][0]) {
			run_sender(i);
			_exit(0);
		}
		pid[i][1] = prog_fork();
		if (!pid[i][1]) {
			dprintf(1, "%s %u\n", kinds[i].name, run_receiver(i));
			_exit(0);
		}
		close(kinds[i].fd[0]);
		close(kinds[i].fd[1]);
	}
	prog_ready();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		prog_reap(pid[i][0]);
		prog_reap(pid[i][1]);
	}
	prog_pass();
}
