/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job of several members that talk over TCP and know nothing of Cairn:
 *
 *   msgs INDEX MEMBERS FILE ADDRESS…     ADDRESS: HOST:PORT, one for each member
 *   msgs check MEMBERS FILE              compares what the members wrote with what is right
 *
 * Each is connected with each. In a step a member gets one message from every other, whose length
 * and content depend on sender, receiver, number and on all that the sender got before, mixes them
 * into its state and writes a line "step STATE" to FILE.INDEX. Messages are sent AHEAD steps before
 * they are needed, so that some are always under way. Lost, doubled, reordered or damaged ones end
 * it with a line on standard error and status 1; the same members without a network and in one
 * process tell what the output must be.
 *
 * FILE.stop asks for an end: member 0 says so in its messages, and all end after the same step.
 * Environment: MSGS_PACE, microseconds that member 0 waits in each step (10000); MSGS_MEMORY, MiB
 * that each member holds and looks at from time to time (0).
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MEMBERS_MAX 16
#define AHEAD 8
#define BODY_MAX 16384

struct message {
	uint32_t from, to, len, last;
	uint64_t number, check;
	unsigned char body[BODY_MAX];
};
#define HEAD offsetof(struct message, body)

/* One member's side of a connection. */
struct peer {
	int fd;
	struct message in;
	size_t got;
	unsigned char *out;
	size_t out_len, out_room;
};

static unsigned int me, members;
static struct peer peers[MEMBERS_MAX];
static uint64_t *memory;
static size_t memory_len;

static void die(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "msgs %u: ", me);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	a ^= b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2);
	a *= 0xff51afd7ed558ccdULL;
	a ^= a >> 33;
	a *= 0xc4ceb9fe1a85ec53ULL;
	return a ^ a >> 29;
}

static uint64_t sum(const unsigned char *data, size_t len)
{
	uint64_t h = len, w;

	for (; len >= sizeof(w); data += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, data, sizeof(w));
		h = mix(h, w);
	}
	w = 0;
	memcpy(&w, data, len);
	return mix(h, w);
}

static uint64_t checksum(const struct message *m)
{
	return mix(mix(sum(m->body, m->len), m->number), mix(m->from, m->to));
}

/* What a member of this state sends as message number. */
static void compose(struct message *m, unsigned int from, unsigned int to, uint64_t number,
		    uint64_t state)
{
	uint64_t seed = mix(mix(mix(state, from), to), number);
	size_t i;

	m->from = from;
	m->to = to;
	m->number = number;
	m->last = 0;
	/* Most are short, some are not. */
	m->len = seed % 16 ? seed % 64 : seed % BODY_MAX;
	for (i = 0; i < m->len; i++) {
		if (i % 8 == 0)
			seed = mix(seed, i);
		m->body[i] = (unsigned char)(seed >> i % 8 * 8);
	}
	m->check = checksum(m);
}

static uint64_t beginning(unsigned int member)
{
	return mix(0x6361697221ULL, member);
}

static uint64_t take(uint64_t state, const struct message *m)
{
	return mix(mix(state, m->check), mix(m->from, m->number));
}

/* ---- the network ---- */

static struct addrinfo *resolve(const char *address)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *ai;
	char host[256];
	char *colon;

	snprintf(host, sizeof(host), "%s", address);
	colon = strrchr(host, ':');
	if (!colon)
		die("%s is not HOST:PORT", address);
	*colon = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &ai))
		die("cannot resolve %s", address);
	return ai;
}

static void whole(int fd, void *data, size_t len, bool out)
{
	char *p = data;
	ssize_t n;

	while (len) {
		n = out ? write(fd, p, len) : read(fd, p, len);
		if (n <= 0)
			die("greeting: %s", n < 0 ? strerror(errno) : "connection closed");
		p += n;
		len -= (size_t)n;
	}
}

static int reach(const char *address)
{
	struct addrinfo *ai = resolve(address);
	const struct timespec pause = { .tv_nsec = 50000000 };
	uint32_t hello = me;
	int fd, i;

	for (i = 0; i < 1200; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			die("socket: %s", strerror(errno));
		if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0) {
			whole(fd, &hello, sizeof(hello), true);
			freeaddrinfo(ai);
			return fd;
		}
		close(fd);
		nanosleep(&pause, NULL);
	}
	die("cannot connect to %s: %s", address, strerror(errno));
	return -1;
}

/* Members of higher numbers come to us. */
static void meet(char **addresses)
{
	struct addrinfo *ai = resolve(addresses[me]);
	int on = 1, listener, fd;
	uint32_t who;
	unsigned int i;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, ai->ai_addr, ai->ai_addrlen) || listen(listener, MEMBERS_MAX))
		die("%s: %s", addresses[me], strerror(errno));
	freeaddrinfo(ai);
	for (i = 0; i < me; i++)
		peers[i].fd = reach(addresses[i]);
	for (i = me + 1; i < members; i++) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			die("accept: %s", strerror(errno));
		whole(fd, &who, sizeof(who), false);
		if (who <= me || who >= members || peers[who].fd >= 0)
			die("a greeting from %u", who);
		peers[who].fd = fd;
	}
	for (i = 0; i < members; i++) {
		if (i == me)
			continue;
		setsockopt(peers[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		fcntl(peers[i].fd, F_SETFL, O_RDWR | O_NONBLOCK);
	}
}

static void queue(struct peer *p, const struct message *m)
{
	size_t len = HEAD + m->len;

	if (p->out_len + len > p->out_room) {
		p->out_room = (p->out_len + len) * 2;
		p->out = realloc(p->out, p->out_room);
		if (!p->out)
			die("no memory");
	}
	memcpy(p->out + p->out_len, m, len);
	p->out_len += len;
}

static void push(unsigned int i)
{
	struct peer *p = &peers[i];
	ssize_t n;

	if (!p->out_len)
		return;
	n = write(p->fd, p->out, p->out_len);
	if (n < 0 && errno != EAGAIN)
		die("sending to %u: %s", i, strerror(errno));
	if (n > 0) {
		p->out_len -= (size_t)n;
		memmove(p->out, p->out + n, p->out_len);
	}
}

static size_t wanted(const struct peer *p)
{
	return p->got < HEAD ? HEAD : HEAD + p->in.len;
}

static void pull(unsigned int i)
{
	struct peer *p = &peers[i];
	ssize_t n;

	while (p->got < wanted(p)) {
		n = read(p->fd, (char *)&p->in + p->got, wanted(p) - p->got);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die("receiving from %u: %s", i, n ? strerror(errno) : "closed");
		p->got += (size_t)n;
		if (p->got >= HEAD && p->in.len > BODY_MAX)
			die("from %u: length %u", i, p->in.len);
	}
}

static bool complete(const struct peer *p)
{
	return p->got >= HEAD && p->got == wanted(p);
}

/* Until the next message of everybody is here. */
static void exchange(void)
{
	struct pollfd fds[MEMBERS_MAX];
	unsigned int i, n, missing;

	for (;;) {
		for (i = n = missing = 0; i < members; i++) {
			fds[i] = (struct pollfd){ .fd = i == me ? -1 : peers[i].fd };
			if (i == me)
				continue;
			if (!complete(&peers[i])) {
				fds[i].events |= POLLIN;
				missing++;
			}
			if (peers[i].out_len)
				fds[i].events |= POLLOUT;
		}
		if (!missing)
			return;
		if (poll(fds, members, -1) < 0)
			die("poll: %s", strerror(errno));
		for (i = 0; i < members; i++) {
			if (fds[i].revents & POLLOUT)
				push(i);
			if (fds[i].revents & (POLLIN | POLLHUP | POLLERR) && !complete(&peers[i]))
				pull(i);
		}
	}
}

/* What was sent ahead and nobody needs any more is read, so that no end resets a connection. */
static void part(void)
{
	static char rest[65536];
	unsigned int i;

	for (i = 0; i < members; i++) {
		if (i == me)
			continue;
		fcntl(peers[i].fd, F_SETFL, O_RDWR);
		while (peers[i].out_len)
			push(i);
		shutdown(peers[i].fd, SHUT_WR);
	}
	for (i = 0; i < members; i++)
		while (i != me && read(peers[i].fd, rest, sizeof(rest)) > 0)
			;
}

static void verify(unsigned int i, uint64_t step)
{
	const struct message *m = &peers[i].in;

	if (m->number != step)
		die("step %llu: message %llu of %u", (unsigned long long)step,
		    (unsigned long long)m->number, i);
	if (m->from != i || m->to != me)
		die("step %llu: from %u, but meant from %u to %u", (unsigned long long)step, i,
		    m->from, m->to);
	if (m->check != checksum(m))
		die("step %llu: message of %u is damaged", (unsigned long long)step, i);
}

/* ---- memory that is there to be saved ---- */

static void fill_memory(void)
{
	const char *text = getenv("MSGS_MEMORY");
	size_t i;

	memory_len = (text ? strtoul(text, NULL, 10) : 0) * 1024 * 1024 / sizeof(*memory);
	if (!memory_len)
		return;
	memory = malloc(memory_len * sizeof(*memory));
	if (!memory)
		die("no memory");
	for (i = 0; i < memory_len; i++)
		memory[i] = mix(me, i);
}

static void look_at_memory(uint64_t state)
{
	size_t i = memory_len ? state % memory_len : 0;

	if (memory_len && memory[i] != mix(me, i))
		die("memory: word %zu", i);
}

/* ---- the job ---- */

static bool asked_to_end(const char *file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.stop", file);
	return access(path, F_OK) == 0;
}

static void send_all(struct message *m, uint64_t number, uint64_t state, bool last)
{
	unsigned int i;

	for (i = 0; i < members; i++) {
		if (i == me)
			continue;
		compose(m, me, i, number, state);
		m->last = last;
		queue(&peers[i], m);
		push(i);
	}
}

static int member(const char *file)
{
	const char *text = getenv("MSGS_PACE");
	long pace = text ? atol(text) : 10000;
	const struct timespec pause = { pace / 1000000, pace % 1000000 * 1000 };
	static struct message m;
	uint64_t step, state = beginning(me), end = UINT64_MAX;
	char path[4096];
	unsigned int i;
	FILE *out;

	snprintf(path, sizeof(path), "%s.%u", file, me);
	out = fopen(path, "w");
	if (!out)
		die("%s: %s", path, strerror(errno));
	for (step = 0; step < AHEAD; step++)
		send_all(&m, step, state, false);
	for (step = 0; step <= end; step++) {
		if (me == 0 && end == UINT64_MAX && asked_to_end(file))
			end = step + AHEAD;
		exchange();
		for (i = 0; i < members; i++) {
			if (i == me)
				continue;
			verify(i, step);
			state = take(state, &peers[i].in);
			if (peers[i].in.last)
				end = step;
			peers[i].got = 0;
		}
		look_at_memory(state);
		if (fprintf(out, "%llu %016llx\n", (unsigned long long)step,
			    (unsigned long long)state) < 0 ||
		    fflush(out))
			die("%s: %s", path, strerror(errno));
		send_all(&m, step + AHEAD, state, me == 0 && step + AHEAD == end);
		if (me == 0 && pace)
			nanosleep(&pause, NULL);
	}
	if (fprintf(out, "end\n") < 0 || fclose(out))
		die("%s: %s", path, strerror(errno));
	part();
	return 0;
}

/* ---- what must come of it ---- */

static int check(const char *file)
{
	static uint64_t sent[MEMBERS_MAX][AHEAD], state[MEMBERS_MAX];
	char path[4096], line[64], want[64];
	FILE *in[MEMBERS_MAX];
	static struct message m;
	unsigned int i, j, ends = 0;
	uint64_t step;

	for (i = 0; i < members; i++) {
		snprintf(path, sizeof(path), "%s.%u", file, i);
		in[i] = fopen(path, "r");
		if (!in[i])
			die("%s: %s", path, strerror(errno));
		state[i] = beginning(i);
		for (j = 0; j < AHEAD; j++)
			sent[i][j] = state[i];
	}
	for (step = 0; !ends; step++) {
		for (i = 0; i < members; i++) {
			for (j = 0; j < members; j++) {
				if (i == j)
					continue;
				compose(&m, j, i, step, sent[j][step % AHEAD]);
				state[i] = take(state[i], &m);
			}
			snprintf(want, sizeof(want), "%llu %016llx\n", (unsigned long long)step,
				 (unsigned long long)state[i]);
			if (!fgets(line, sizeof(line), in[i]))
				snprintf(line, sizeof(line), "nothing\n");
			if (strcmp(line, "end\n") == 0)
				ends++;
			else if (strcmp(line, want))
				die("member %u, step %llu: %.*s instead of %.*s", i,
				    (unsigned long long)step, (int)strlen(line) - 1, line,
				    (int)strlen(want) - 1, want);
			else if (ends)
				die("member %u goes on behind step %llu", i,
				    (unsigned long long)step);
		}
		for (i = 0; i < members; i++)
			sent[i][step % AHEAD] = state[i];
	}
	if (ends != members)
		die("only %u members have ended at step %llu", ends, (unsigned long long)step);
	for (i = 0; i < members; i++)
		if (fgets(line, sizeof(line), in[i]))
			die("member %u: lines behind the end: %s", i, line);
	printf("%llu steps\n", (unsigned long long)step - 1);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 4 && strcmp(argv[1], "check") == 0) {
		members = (unsigned int)atoi(argv[2]);
		return check(argv[3]);
	}
	if (argc < 5) {
		fprintf(stderr, "usage: msgs INDEX MEMBERS FILE ADDRESS…\n");
		return 2;
	}
	me = (unsigned int)atoi(argv[1]);
	members = (unsigned int)atoi(argv[2]);
	if (members > MEMBERS_MAX || me >= members || argc != 4 + (int)members)
		die("wrong number of members or addresses");
	for (i = 0; i < members; i++)
		peers[i].fd = -1;
	fill_memory();
	meet(argv + 4);
	return member(argv[3]);
}
