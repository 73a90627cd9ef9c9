// SPDX-License-Identifier: Apache-2.0
//
// How fast an image gets to another node: two stores, each in a process of its own, over loopback;
// and beside it, in the same rounds, the same bytes through a plain TLS stream of the same key and
// cipher, from a file into a file that is synced. Both from the page cache.
// Usage: bench/ship [MIB [ROUNDS [DIR]]]     1024 MiB, 5 rounds, a folder in $TMPDIR
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <xxhash.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_write.h"
#include "net/trust.h"
#include "store/store_accept.h"
#include "store/ship.h"
#include "store/store.h"

#define CHUNK (1ul << 20)
#define NAME "bench"

static char top[64];
static struct cr_trust *trust;
static struct cr_err err;
static size_t mib = 1024;

static void fail(const char *what)
{
	fprintf(stderr, "ship: %s: %s\n", what, err.text);
	perror("ship");
	exit(1);
}

/* ---- an image ---- */

static void fill(uint64_t *v, uint64_t seed, bool packs)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + 1;
	size_t i;

	for (i = 0; i < CHUNK / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* Half of the bytes are zero, as they are in much memory. */
		v[i] = packs ? x & 0xffffffff : x;
	}
}

static void write_image(const char *folder, uint32_t number, bool packs)
{
	static cairn_PageRuns runs;
	static cairn_Process process = { .pid = 10 };
	static cairn_Job job;
	cairn_Manifest manifest = { .uid = geteuid(), .number = number };
	uint64_t *buf = malloc(CHUNK);
	struct cr_image_writer w;
	size_t i;

	if (cr_image_create(&w, folder, number, &err) ||
	    cr_image_record(&w, cairn_RecordType_RECORD_JOB, &job, &err) ||
	    cr_image_record(&w, cairn_RecordType_RECORD_PROCESS, &process, &err))
		fail(folder);
	runs.pid = 10;
	runs.runs_count = 0;
	for (i = 0; i < mib; i++) {
		cairn_PageRun *r = &runs.runs[runs.runs_count++];

		fill(buf, number * 100000 + i, packs);
		*r = (cairn_PageRun){ .addr = 0x10000000 + i * CHUNK,
				      .pages = CHUNK / CR_PAGE,
				      .stored = CHUNK,
				      .offset = cr_image_reserve(&w, CHUNK),
				      .xxh3 = XXH3_64bits(buf, CHUNK) };
		if (cr_write_at(w.pack, buf, CHUNK, r->offset))
			fail(folder);
		if (runs.runs_count < CR_ARRAY_SIZE(runs.runs) && i + 1 < mib)
			continue;
		if (cr_image_record(&w, cairn_RecordType_RECORD_RUNS, &runs, &err))
			fail(folder);
		runs.runs_count = 0;
	}
	if (cr_image_commit(&w, &manifest, &err))
		fail(folder);
	cr_image_close(&w, true);
	free(buf);
}

/* ---- by the stores ---- */

static int told; /* where the receiver tells of what it has */

static void on_holding(const cairn_Holding *h, void *arg)
{
	if (h->state == cairn_HoldingState_HOLDING_COMPLETE &&
	    write(told, &h->number, sizeof(h->number)) < 0)
		exit(1);
	if (h->error[0])
		fprintf(stderr, "ship: %s\n", h->error);
}

static struct cr_store *open_store(struct event_base *base, const char *name, bool tells)
{
	char path[80];
	struct cr_store_options o = { .base = base, .path = path, .node = name, .trust = trust };
	struct cr_store *s;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	o.holding = tells ? on_holding : NULL;
	if (cr_store_open(&s, &o, &err))
		fail(path);
	return s;
}

/* Another process that receives; it says its port first. */
static pid_t receiver(int *from, uint32_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct event_base *base;
	struct cr_store *s;
	int pair[2];
	pid_t pid;

	if (pipe(pair) || (pid = fork()) < 0)
		fail("fork");
	if (pid) {
		close(pair[1]);
		*from = pair[0];
		if (read(*from, port, sizeof(*port)) != sizeof(*port))
			fail("receiver");
		return pid;
	}
	told = pair[1];
	base = event_base_new();
	s = open_store(base, "there", true);
	if (cr_store_listen(s, (struct sockaddr *)&at, sizeof(at), &err))
		fail("listen");
	*port = cr_store_port(s);
	if (write(told, port, sizeof(*port)) < 0)
		exit(1);
	event_base_dispatch(base);
	exit(0);
}

static double by_stores(struct cr_store *s, uint32_t number, unsigned int port, int from)
{
	cairn_Ship ship = { .job = 1, .number = number, .port = port };
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	uint32_t got = 0;

	strcpy(ship.address, "127.0.0.1");
	strcpy(ship.node, "there");
	cr_store_ship(s, &ship);
	while (got != number)
		if (read(from, &got, sizeof(got)) != sizeof(got))
			fail("receiver");
	return (cr_now_ns(CLOCK_MONOTONIC) - began) / 1e9;
}

/* ---- by a plain stream ---- */

static void take_stream(int fd)
{
	SSL *ssl = cr_trust_ssl(trust);
	char *buf = malloc(CHUNK), path[80], ok = 1;
	int n, out;

	snprintf(path, sizeof(path), "%s/stream", top);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	SSL_set_fd(ssl, fd);
	if (out < 0 || SSL_accept(ssl) != 1)
		exit(1);
	while ((n = SSL_read(ssl, buf, CHUNK)) > 0)
		if (cr_write_all(out, buf, n))
			exit(1);
	if (fsync(out) || write(fd, &ok, 1) != 1)
		exit(1);
	exit(0);
}

static double by_stream(uint32_t number)
{
	char path[120], *buf = malloc(CHUNK), ok = 0;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, in;
	int64_t began;
	size_t sent = 0;
	ssize_t n;
	SSL *ssl;
	pid_t pid;

	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &len))
		fail("listen");
	pid = fork();
	if (!pid)
		take_stream(accept(listener, NULL, NULL));
	began = cr_now_ns(CLOCK_MONOTONIC);
	snprintf(path, sizeof(path), "%s/here/" NAME ".1/0/%06u/" CR_PACK, top, number);
	in = open(path, O_RDONLY);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ssl = cr_trust_ssl(trust);
	if (connect(fd, (struct sockaddr *)&at, len) || !SSL_set_fd(ssl, fd) ||
	    SSL_connect(ssl) != 1)
		fail("connect");
	SSL_clear_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	while ((n = read(in, buf, CHUNK)) > 0) {
		if (SSL_write(ssl, buf, n) != n)
			fail("stream");
		sent += n;
	}
	if (sent != mib * CHUNK)
		fail("stream");
	SSL_shutdown(ssl);
	if (read(fd, &ok, 1) != 1 || !ok)
		fail("stream");
	began = cr_now_ns(CLOCK_MONOTONIC) - began;
	waitpid(pid, NULL, 0);
	SSL_free(ssl);
	close(fd);
	close(in);
	close(listener);
	free(buf);
	return began / 1e9;
}

/* ---- both ---- */

static int by_value(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1 : 1;
}

static double median(double *v, int n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void measure(struct cr_store *s, const char *folder, bool packs, int rounds,
		    unsigned int port, int from)
{
	double stores[64], stream[64], a, b;
	int i;

	for (i = 0; i < rounds; i++) {
		uint32_t number = 1 + i + 100 * packs;
		char path[CR_PATH_MAX + 32];

		write_image(folder, number, packs);
		if (i % 2)
			stream[i] = by_stream(number);
		stores[i] = by_stores(s, number, port, from);
		if (!(i % 2))
			stream[i] = by_stream(number);
		/* Each for itself: nothing may be taken from the one before. */
		snprintf(path, sizeof(path), "rm -rf %s/*/" NAME ".1/0/%06u", top, number);
		if (system(path))
			fail(path);
	}
	a = mib / median(stores, rounds);
	b = mib / median(stream, rounds);
	printf("%-28s %8.0f MiB/s   plain TLS stream %8.0f MiB/s   ratio %.2f (to reach: 0.80)\n",
	       packs ? "replication, packs to half" : "replication, incompressible", a, b, a / b);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 5, from;
	const char *dir = argc > 3 ? argv[3] : getenv("TMPDIR");
	char key[80], folder[CR_PATH_MAX], command[80];
	struct cr_store *s;
	uint32_t port;
	pid_t pid;

	mib = argc > 1 ? atoi(argv[1]) : 1024;
	rounds = rounds < 1 ? 1 : rounds > 64 ? 64 : rounds;
	snprintf(top, sizeof(top), "%.40s/cairn-ship.XXXXXX", dir ? dir : "/tmp");
	if (!mib || !mkdtemp(top))
		fail(top);
	snprintf(key, sizeof(key), "%s/key", top);
	if (cr_trust_make_key(key, &err) ||
	    cr_trust_load(&(struct cr_trust_files){ .key = key }, &trust, &err))
		fail(key);
	pid = receiver(&from, &port);
	s = open_store(event_base_new(), "here", false);
	if (cr_store_folder(s, 1, NAME, 0, geteuid(), getegid(), folder, &err))
		fail("folder");
	measure(s, folder, false, rounds, port, from);
	measure(s, folder, true, rounds, port, from);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_store_close(s);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}
