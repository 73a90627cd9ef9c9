// SPDX-License-Identifier: Apache-2.0
//
// The job of many small processes: a token goes round all of them every 20 ms, each hop by another
// channel, and the first process watches the clock. A restart has succeeded when a token that was
// sent after it has come back.
// Usage: crowd BOARD PROCESSES CHANNELS pipe|socket
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board.h"

#define MEMORY (256ul << 10)
#define TICK_NS 200000
#define TOKEN_NS 20000000
#define GAP_NS 5000000

/* The nth channel leads from process n mod PROCESSES to the next. */
struct channel {
	int from, to;
};

static int loopback(int p[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	p[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || bind(s, (void *)&a, len) || listen(s, 1) ||
	    getsockname(s, (void *)&a, &len) || connect(p[0], (void *)&a, len))
		return -errno;
	p[1] = accept4(s, NULL, NULL, SOCK_CLOEXEC);
	close(s);
	return p[1] < 0 ? -errno : 0;
}

static int make_channel(struct channel *c, int n, const char *kind)
{
	int p[2], ret;

	if (!strcmp(kind, "pipe"))
		ret = pipe2(p, O_CLOEXEC);
	else if (n % 2)
		ret = loopback(p);
	else
		ret = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p);
	c->from = p[1];
	c->to = p[0];
	return ret;
}

static void keep_own(struct channel *c, int channels, int processes, int self)
{
	int i;

	for (i = 0; i < channels; i++) {
		if (i % processes != self)
			close(c[i].from);
		if ((i + 1) % processes != self)
			close(c[i].to);
	}
}

static int64_t receive(int fd)
{
	int64_t token;
	ssize_t n;

	while ((n = read(fd, &token, sizeof(token))) < 0 && errno == EINTR)
		;
	if (n != sizeof(token))
		_exit(1);
	return token;
}

static void send_on(int fd, int64_t token)
{
	if (write(fd, &token, sizeof(token)) != sizeof(token))
		_exit(1);
}

static void watch(struct board *b, int in, int out)
{
	struct pollfd p = { in, POLLIN, 0 };
	int64_t last = board_now(), sent = last, now;

	send_on(out, sent);
	for (;;) {
		nanosleep(&(struct timespec){ 0, TICK_NS }, NULL);
		now = board_now();
		if (now - last > b->longest)
			b->longest = now - last;
		if (now - last >= GAP_NS) {
			uint64_t i = b->ngaps % BOARD_GAPS;

			b->gaps[i].length = now - last;
			b->gaps[i].end = now;
			b->ngaps++;
		}
		last = now;
		if (poll(&p, 1, 0) == 1) {
			b->token = receive(in);
			b->ready = 1;
			sent = 0;
		}
		if (!sent && now - b->token > TOKEN_NS) {
			sent = board_now();
			send_on(out, sent);
		}
	}
}

int main(int argc, char **argv)
{
	int fd = argc == 5 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	int processes, channels, self, i;
	struct channel *c;
	struct board *b;
	char *memory;

	if (fd < 0)
		return 2;
	processes = atoi(argv[2]);
	channels = atoi(argv[3]);
	b = mmap(NULL, BOARD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	c = calloc(channels, sizeof(*c));
	if (b == MAP_FAILED || !c || processes < 2 || channels < processes)
		return 2;
	for (i = 0; i < channels; i++) {
		if (make_channel(&c[i], i, argv[4]))
			return 1;
		/* What waits in the others is the checkpoint's to carry. */
		if (i >= processes)
			send_on(c[i].from, i);
	}
	for (self = 1; self < processes; self++) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	}
	self %= processes;
	keep_own(c, channels, processes, self);
	memory = malloc(MEMORY);
	memset(memory, self, MEMORY);
	if (!self)
		watch(b, c[processes - 1].to, c[0].from);
	for (;;)
		send_on(c[self].from, receive(c[self - 1].to));
}
