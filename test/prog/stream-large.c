// SPDX-License-Identifier: Apache-2.0
/*
 * Pairs of processes that write and read 1 MiB at a time, by blocking calls, through everything
 * that carries a stream: each call gives what it gives without Cairn, and nobody stops.
 */
#include "inet.h"

#define LEN (1 << 20)

enum { FIFO, PIPE, PAIR, TCP, KINDS };

static _Atomic uint64_t *turns;

static void write_all(int fd)
{
	unsigned char *buf = malloc(LEN);
	uint64_t turn;

	CHECK(buf);
	for (turn = 0; !prog_done(); turn++) {
		prog_fill(buf, LEN, turn);
		CHECK_EQ(write(fd, buf, LEN), LEN);
	}
	exit(0);
}

static void read_all(int fd, int kind)
{
	unsigned char *buf = malloc(LEN);
	uint64_t turn = 0;
	size_t got = 0;

	CHECK(buf);
	for (;;) {
		ssize_t n = read(fd, buf + got, LEN - got);

		CHECK(n >= 0);
		got += n;
		if (got == LEN) {
			CHECK(prog_filled(buf, LEN, turn));
			turns[kind] = ++turn;
			got = 0;
		}
		if (!n)
			break;
	}
	CHECK_EQ(got, 0);
	exit(0);
}

static void make(int kind, int fds[2])
{
	struct inet_pair p;
	const char *path = prog_path("fifo");

	if (kind == PIPE) {
		CHECK(!pipe(fds));
	} else if (kind == PAIR) {
		CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	} else if (kind == TCP) {
		p = inet_pair(INET4);
		close(p.listener);
		fds[0] = p.server;
		fds[1] = p.client;
	} else {
		CHECK(!mkfifo(path, 0600));
		fds[0] = open(path, O_RDONLY | O_NONBLOCK);
		fds[1] = open(path, O_WRONLY);
		CHECK(fds[0] >= 0 && fds[1] >= 0 && !fcntl(fds[0], F_SETFL, 0));
	}
}

/* Each pair gets on. */
static void watch(void)
{
	uint64_t before[KINDS];
	int k, i;

	for (k = 0; k < KINDS; k++)
		before[k] = turns[k];
	for (k = 0; k < KINDS; k++) {
		for (i = 0; i < 2000 && turns[k] == before[k]; i++)
			prog_nap();
		if (turns[k] == before[k])
			prog_fail(__FILE__, __LINE__, "kind %d stands still", k);
	}
}

int main(int argc, char **argv)
{
	pid_t pids[KINDS * 2];
	int fds[2], k, i;

	prog_init(argc, argv);
	turns = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	for (k = 0; k < KINDS; k++) {
		make(k, fds);
		for (i = 0; i < 2; i++) {
			pids[k * 2 + i] = prog_fork();
			if (pids[k * 2 + i])
				continue;
			close(fds[!i]);
			if (i)
				write_all(fds[1]);
			read_all(fds[0], k);
		}
		close(fds[0]);
		close(fds[1]);
	}
	watch();
	prog_ready();
	while (!prog_done())
		watch();
	for (i = 0; i < KINDS * 2; i++)
		prog_reap(pids[i]);
	prog_pass();
}
