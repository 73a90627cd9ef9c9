// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what stores say to each other: a receiver and a sender get messages that are mutated, left
// out, doubled and out of order, then plain noise, over a socketpair. Both must end, in success or
// not. An abort, a sanitizer's finding, or one that hangs is a bug.
//   store SECONDS [SEED]   each run is known by the seed and its number; -v tells them
#include <fcntl.h>
#include <pb_encode.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "common/err.h"
#include "net/net_frame.h"
#include "sample.h"
#include "store/store_accept.h"
#include "store/conn.h"
#include "store/internal.h"
#include "store/place.h"
#include "store/receive.h"
#include "store/send.h"
#include "store/ship.h"

#define JOB 7

static struct cr_store *store;
static char dir[64];
static uint64_t rng;
static char room[2 << 20];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned int any(unsigned int n)
{
	return sample_random(&rng) % n;
}

static uint64_t odd(void)
{
	static const uint64_t v[] = {
		0,	  1,	      2,	  4095,	      4096,	 1 << 20, (1 << 20) + 1,
		1u << 31, UINT32_MAX, 1ull << 40, 1ull << 56, UINT64_MAX
	};

	return v[any(CR_ARRAY_SIZE(v))];
}

static struct cr_piece piece(void)
{
	struct cr_piece p = { .offset = any(8) * 4096ull, .stored = 1 + any(4096) };

	p.xxh3 = XXH3_64bits(room, p.stored);
	p.file = any(8) ? any(2) : any(9);
	if (!any(8))
		p.offset = odd();
	if (!any(8))
		p.stored = odd();
	return p;
}

/* A message that makes some sense. */
static size_t message(cairn_StoreMsg *m, unsigned int step)
{
	static const pb_size_t order[] = { cairn_StoreMsg_begin_tag, cairn_StoreMsg_offer_tag,
					   cairn_StoreMsg_chunk_tag, cairn_StoreMsg_want_tag,
					   cairn_StoreMsg_ready_tag, cairn_StoreMsg_finish_tag,
					   cairn_StoreMsg_done_tag,  cairn_StoreMsg_give_up_tag };
	struct cr_piece *v = (void *)(room + (1 << 20)), p = piece();
	size_t n = any(20), i;

	memset(m, 0, sizeof(*m));
	m->which_body = step == 0 ? order[0] : order[any(CR_ARRAY_SIZE(order))];
	for (i = 0; i < n; i++)
		v[i] = piece();
	switch (m->which_body) {
	case cairn_StoreMsg_begin_tag:
		m->body.begin = (cairn_StoreBegin){ .version = CR_STORE_VERSION,
						    .store_id = any(3),
						    .node = "x",
						    .job = JOB + any(2),
						    .member = any(10) ? 0 : odd(),
						    .number = any(10) ? 1 + any(3) : odd(),
						    .name = "job",
						    .uid = any(10) ? geteuid() : odd(),
						    .gid = getegid() };
		return 0;
	case cairn_StoreMsg_chunk_tag:
		m->body.chunk = (cairn_StoreChunk){ p.file, p.offset, p.stored, p.xxh3, !any(4) };
		return p.stored < (1 << 20) ? p.stored : any(5000);
	case cairn_StoreMsg_finish_tag:
		m->body.finish.state_size = any(3) ? any(9000) : odd();
		m->body.finish.pack_size = any(3) ? any(90000) : odd();
		return any(500);
	case cairn_StoreMsg_ready_tag:
		m->body.ready.answer = any(3) ? 0 : any(6);
		return 0;
	case cairn_StoreMsg_want_tag:
		m->body.want.again = !any(3);
		return n * sizeof(*v);
	case cairn_StoreMsg_done_tag:
		m->body.done.status = any(2) ? 0 : 111;
		return 0;
	default:
		return n * sizeof(*v);
	}
}

static void put(int fd, const void *data, size_t len)
{
	/* The other end may have had enough. */
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return;
		data = (const char *)data + n;
		len -= n;
	}
}

static void say(int fd, unsigned int step)
{
	unsigned char head[sizeof(struct cr_frame_header) + cairn_StoreMsg_size];
	cairn_StoreMsg m;
	size_t len = message(&m, step);
	ssize_t n = cr_frame_encode(head, sizeof(head), cairn_StoreMsg_fields, &m, len);
	const char *data = m.which_body == cairn_StoreMsg_chunk_tag ||
					   m.which_body == cairn_StoreMsg_finish_tag ?
				   room :
				   room + (1 << 20);

	if (n < 0)
		return;
	if (!any(10))
		head[any(n)] ^= 1 << any(8);
	put(fd, head, n);
	put(fd, data, !any(30) && len ? any(len) : len);
}

static void *talk(void *arg)
{
	int fd = (int)(long)arg;
	unsigned int steps = 1 + any(12), i;
	static char sink[1 << 16];

	for (i = 0; i < steps; i++) {
		say(fd, i + !any(20));
		while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, sink, sizeof(sink), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void run_receiver(struct cr_conn *c)
{
	struct cr_incoming in = { .store = store, .fd = -1 };

	cr_receive(&in, c);
}

static void run_sender(struct cr_conn *c)
{
	struct cr_shipment sh = { .store = store, .key = { JOB, 0, 1000 }, .fd = -1 };
	struct cr_err err = { 0 };
	struct cr_place p;

	if (cr_place_open(store, JOB, 0, &p, &err))
		fail(err.text);
	sh.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cr_send(&sh, c, &p, &err);
	cr_place_close(&p);
	close(sh.wake);
	free(sh.told.v);
}

static void one(unsigned long run)
{
	int pair[2];
	struct cr_conn c;
	pthread_t peer;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
	    cr_conn_open(&c, pair[0], NULL, true, NULL) ||
	    pthread_create(&peer, NULL, talk, (void *)(long)pair[1]))
		fail("socketpair");
	if (run % 2)
		run_receiver(&c);
	else
		run_sender(&c);
	cr_conn_close(&c);
	pthread_join(peer, NULL);
}

static void make_store(struct event_base *base)
{
	static struct sample s;
	char path[CR_PATH_MAX], image[CR_PATH_MAX], to[CR_PATH_MAX + 16];
	struct cr_store_options o = { .base = base, .path = dir, .node = "fuzz" };
	struct cr_err err = { 0 };

	snprintf(dir, sizeof(dir), "%s/cairn-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir) || cr_store_open(&store, &o, &err) ||
	    cr_store_folder(store, JOB, "job", 0, geteuid(), getegid(), path, &err) ||
	    sample_write(&s, path, false, image, &err))
		fail(err.text);
	snprintf(to, sizeof(to), "%s/001000", path);
	if (rename(image, to))
		fail(to);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 10;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)cr_now_ns(CLOCK_REALTIME);
	struct event_base *base = event_base_new();
	int64_t end;
	unsigned long runs = 0;
	char command[96];

	signal(SIGPIPE, SIG_IGN);
	make_store(base);
	end = cr_now_ns(CLOCK_MONOTONIC) + seconds * 1e9;
	printf("fuzz: stores, seed %llu\n", (unsigned long long)seed);
	for (; cr_now_ns(CLOCK_MONOTONIC) < end; runs++) {
		rng = (seed + runs) * 0x9e3779b97f4a7c15ull | 1;
		if (argc > 3)
			printf("run %lu\n", runs), fflush(stdout);
		/* One that hangs is found by this. */
		alarm(60);
		one(runs);
		if (runs % 100 == 99)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	alarm(0);
	cr_store_close(store);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	printf("fuzz: %lu talks\n", runs);
	return system(command) != 0;
}
