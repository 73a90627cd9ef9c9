// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the store share; see store_lab.h.
#include "common/err.h"
#include "common/image_write.h"
#include "net/link.h"
#include "net/trust.h"
#include "store/store_accept.h"
#include "store/ship.h"
#include "store/store_verify.h"
#include "store_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lz4.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

struct event_base *lab_base;
struct cr_trust *lab_trust;

void lab_setup(void)
{
	char path[96];
	struct cr_err err = { 0 };

	unit_setup();
	lab_base = event_base_new();
	snprintf(path, sizeof(path), "%s/key", unit_dir);
	ck_assert(!cr_trust_make_key(path, &err));
	ck_assert(!cr_trust_load(&(struct cr_trust_files){ .key = path }, &lab_trust, &err));
}

void lab_teardown(void)
{
	cr_trust_free(lab_trust);
	event_base_free(lab_base);
	unit_teardown();
}

static void on_holding(const cairn_Holding *h, void *arg)
{
	struct lab_store *l = arg;
	cairn_Holding *to = cr_list_add(&l->log);

	*to = *h;
	l->told++;
}

void lab_open(struct lab_store *l, const char *name, uint64_t rate)
{
	struct cr_store_options o = { .base = lab_base,
				      .path = l->dir,
				      .node = name,
				      .trust = lab_trust,
				      .rate = rate,
				      .holding = on_holding,
				      .arg = l };
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct cr_err err = { 0 };

	memset(l, 0, sizeof(*l));
	snprintf(l->dir, sizeof(l->dir), "%s/%s", unit_dir, name);
	ck_assert_msg(!cr_store_open(&l->s, &o, &err), "%s", err.text);
	ck_assert_msg(!cr_store_listen(l->s, (struct sockaddr *)&at, sizeof(at), &err), "%s",
		      err.text);
}

void lab_close(struct lab_store *l)
{
	cr_store_close(l->s);
	l->s = NULL;
	free(l->log.v);
}

/* ---- images ---- */

struct lab_content lab_content(unsigned int runs, unsigned int seed)
{
	struct lab_content c = { .runs = runs };
	unsigned int i;

	for (i = 0; i < runs; i++)
		c.seeds[i] = seed + i;
	return c;
}

void lab_folder(struct lab_store *l, char path[CR_PATH_MAX])
{
	struct cr_err err = { 0 };

	ck_assert_msg(!cr_store_folder(l->s, LAB_JOB, "job", 0, geteuid(), getegid(), path, &err),
		      "%s", err.text);
}

static void fill(unsigned char *buf, unsigned int seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
	size_t i;

	for (i = 0; i < LAB_RUN; i += 8) {
		uint64_t x = sample_random(&state);

		if (seed >= 1000)
			x &= 0xff;
		memcpy(buf + i, &x, 8);
	}
}

static void write_run(struct cr_image_writer *w, const struct lab_content *c, unsigned int i,
		      cairn_PageRun *r)
{
	static unsigned char raw[LAB_RUN], packed[2 * LAB_RUN];
	const unsigned char *data = raw;

	fill(raw, c->seeds[i]);
	*r = (cairn_PageRun){ .addr = 0x10000000 + i * (uint64_t)LAB_RUN,
			      .pages = LAB_RUN / CR_PAGE,
			      .stored = LAB_RUN };
	if (c->lz4) {
		r->codec = cairn_Codec_CODEC_LZ4;
		r->stored =
			LZ4_compress_default((char *)raw, (char *)packed, LAB_RUN, sizeof(packed));
		data = packed;
	}
	r->xxh3 = XXH3_64bits(data, r->stored);
	r->offset = cr_image_reserve(w, r->stored);
	ck_assert(!cr_write_at(w->pack, data, r->stored, r->offset));
}

static void write_pipe(struct cr_image_writer *w, bool large)
{
	static unsigned char big[3u << 20];
	cairn_Pipe *pipe = calloc(1, sizeof(*pipe));
	struct cr_err err = { 0 };

	fill(big, 5);
	fill(big + (2u << 20), 6);
	pipe->has_content = true;
	ck_assert(!cr_image_blob(w, big, large ? sizeof(big) - 5 : 9, &pipe->content, &err));
	ck_assert(!cr_image_record(w, cairn_RecordType_RECORD_PIPE, pipe, &err));
	free(pipe);
}

void lab_write(struct lab_store *l, uint32_t number, const struct lab_content *c,
	       void (*each)(struct lab_store *l, uint32_t number, const struct cr_piece *p))
{
	static cairn_PageRuns runs;
	static cairn_Process process;
	cairn_Manifest manifest = { .uid = geteuid(), .gid = getegid(), .number = number };
	cairn_Job *job = calloc(1, sizeof(*job));
	struct cr_image_writer w;
	struct cr_err err = { 0 };
	char path[CR_PATH_MAX];
	unsigned int i;

	lab_folder(l, path);
	ck_assert_msg(!cr_image_create(&w, path, number, &err), "%s", err.text);
	process.pid = runs.pid = SAMPLE_PID;
	ck_assert(!cr_image_record(&w, cairn_RecordType_RECORD_JOB, job, &err));
	ck_assert(!cr_image_record(&w, cairn_RecordType_RECORD_PROCESS, &process, &err));
	runs.runs_count = c->runs;
	for (i = 0; i < c->runs; i++) {
		const cairn_PageRun *r = &runs.runs[i];
		struct cr_piece p = { 0 };

		write_run(&w, c, i, &runs.runs[i]);
		p.offset = r->offset;
		p.stored = r->stored;
		p.xxh3 = r->xxh3;
		p.codec = r->codec;
		if (each)
			each(l, number, &p);
	}
	ck_assert(!cr_image_record(&w, cairn_RecordType_RECORD_RUNS, &runs, &err));
	write_pipe(&w, c->blob);
	ck_assert_msg(!cr_image_commit(&w, &manifest, &err), "%s", err.text);
	cr_image_close(&w, true);
	free(job);
}

/* ---- asking and waiting ---- */

void lab_ship_by(struct lab_store *from, const char *node, unsigned int port, uint32_t number)
{
	cairn_Ship ship = { .job = LAB_JOB, .number = number, .port = port };

	snprintf(ship.node, sizeof(ship.node), "%s", node);
	strcpy(ship.address, "127.0.0.1");
	cr_store_ship(from->s, &ship);
}

void lab_ship(struct lab_store *from, struct lab_store *to, uint32_t number)
{
	lab_ship_by(from, to->s->node, cr_store_port(to->s), number);
}

static const cairn_Holding *find(const struct lab_store *l, uint32_t number,
				 cairn_HoldingState state)
{
	size_t i;

	for (i = l->log.n; i-- > 0;)
		if (l->log.v[i].number == number && l->log.v[i].state == state &&
		    l->log.v[i].end == !number)
			return &l->log.v[i];
	return NULL;
}

bool lab_told(const struct lab_store *l, uint32_t number, cairn_HoldingState state)
{
	return find(l, number, state) != NULL;
}

void lab_run_ms(int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(lab_base, &t);
	event_base_dispatch(lab_base);
}

const cairn_Holding *lab_wait(struct lab_store *l, uint32_t number, cairn_HoldingState state)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 60000000000ll;

	while (!find(l, number, state) && cr_now_ns(CLOCK_MONOTONIC) < end)
		lab_run_ms(10);
	ck_assert_msg(find(l, number, state) != NULL, "%s: %u has not come to state %d; last: %s",
		      l->dir, number, state, l->log.n ? l->log.v[l->log.n - 1].error : "nothing");
	return find(l, number, state);
}

void lab_forget(struct lab_store *l)
{
	lab_run_ms(20);
	l->log.n = 0;
}

/* ---- looking ---- */

static void path_of(struct lab_store *l, uint32_t number, const char *file, char *path)
{
	snprintf(path, CR_PATH_MAX, "%s/job.%d/0/%06u/%s", l->dir, LAB_JOB, number, file);
}

bool lab_there(struct lab_store *l, const char *name)
{
	char path[CR_PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/job.%d/0/%s", l->dir, LAB_JOB, name);
	return !lstat(path, &st);
}

void lab_same(struct lab_store *a, struct lab_store *b, uint32_t number)
{
	static const char *const names[] = { CR_MANIFEST, CR_STATE, CR_PACK };
	char path[CR_PATH_MAX], *x, *y;
	struct cr_err err = { 0 };
	struct stat st;
	ssize_t n;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++) {
		path_of(a, number, names[i], path);
		n = cr_slurp(AT_FDCWD, path, &x);
		ck_assert_int_gt(n, 0);
		path_of(b, number, names[i], path);
		ck_assert_int_eq(cr_slurp(AT_FDCWD, path, &y), n);
		ck_assert_msg(!memcmp(x, y, n), "%s differs", path);
		ck_assert(!stat(path, &st));
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
		free(x);
		free(y);
	}
	path_of(b, number, "", path);
	ck_assert_msg(!cr_store_verify(path, &err), "%s", err.text);
	ck_assert(!stat(path, &st));
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}

void lab_damage(struct lab_store *l, uint32_t number, const char *file, off_t at)
{
	char path[CR_PATH_MAX];
	unsigned char byte;
	int fd;

	path_of(l, number, file, path);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	if (at < 0)
		at += lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* ---- a line that is cut ---- */

static int connect_port(unsigned int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	close(fd);
	return -1;
}

static bool pass(int from, int to, size_t *left, bool limited)
{
	static char buf[64 << 10];
	size_t want = limited && *left < sizeof(buf) ? *left : sizeof(buf);
	ssize_t n = read(from, buf, want);

	if (n <= 0 || cr_write_all(to, buf, n))
		return false;
	*left -= n;
	return !limited || *left;
}

static void pump(struct lab_line *line, int a, int b)
{
	struct pollfd p[] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
	bool limited = line->cuts > 0, on = true;
	size_t left = 1 + sample_random(&line->rng) % line->most;

	while (on && !line->end) {
		if (poll(p, 2, 50) <= 0)
			continue;
		if (p[0].revents)
			on = pass(a, b, &left, limited);
		if (on && p[1].revents)
			on = pass(b, a, &left, limited);
	}
	if (limited && !left)
		line->cuts--;
	close(a);
	close(b);
}

static void *run_line(void *arg)
{
	struct lab_line *line = arg;
	struct pollfd p = { line->listener, POLLIN, 0 };

	while (!line->end) {
		int a, b;

		if (poll(&p, 1, 50) <= 0)
			continue;
		a = accept(line->listener, NULL, NULL);
		b = connect_port(line->to);
		if (b < 0)
			close(a);
		else
			pump(line, a, b);
	}
	return NULL;
}

void lab_line(struct lab_line *line, unsigned int to, unsigned int cuts, size_t most, uint64_t seed)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	memset(line, 0, sizeof(*line));
	line->to = to;
	line->cuts = cuts;
	line->most = most;
	line->rng = seed;
	line->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert(!bind(line->listener, (struct sockaddr *)&at, sizeof(at)));
	ck_assert(!listen(line->listener, 16));
	getsockname(line->listener, (struct sockaddr *)&at, &len);
	line->port = ntohs(at.sin_port);
	ck_assert(!pthread_create(&line->thread, NULL, run_line, line));
}

void lab_line_end(struct lab_line *line)
{
	line->end = true;
	pthread_join(line->thread, NULL);
	close(line->listener);
}
