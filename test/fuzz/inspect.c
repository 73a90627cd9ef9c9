// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes crimage's verbs with a checkpoint of a real program that is changed behind its checksums:
// fields of records get odd values, bytes of memory too (signal frames, stacks, unwind tables, the
// vdso), and everything is sealed again. Whatever comes must end in an answer or in an error, in
// time. A crash, a sanitizer's finding or a hang is a bug.
//   inspect SECONDS CHECKPOINT [SEED]
// One that failed is had again with 0 seconds and the seed in the file inspect-last.
#include <fcntl.h>
#include <pb_common.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "common/image.h"
#include "common/image_format.h"
#include "common/image_read.h"
#include "common/image_write.h"
#include "inspect/backtrace.h"
#include "inspect/core.h"
#include "inspect/env.h"
#include "inspect/inspect_files.h"
#include "inspect/inspect.h"
#include "inspect/show.h"
#include "sample.h"

#define HANG 120 /* seconds, of a sanitized program on a busy machine */
#define RECORD_MAX (1u << 20)

struct bytes {
	unsigned char *v;
	size_t n;
};

static struct bytes manifest, state, pack; /* as they were */
static struct bytes new_state, new_pack;
static size_t *records, nrecords; /* where each begins */
static char dir[] = "/tmp/cairn-fuzz-XXXXXX";
static uint64_t seed;

static const uint64_t odd[] = { 0,
				1,
				0x7f,
				0xfff,
				0x1000,
				0x7fffffff,
				0x80000000,
				0xffffffff,
				0x7ffffffff000,
				1ull << 63,
				UINT64_MAX - 0xfff,
				UINT64_MAX };

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void on_alarm(int sig)
{
	static const char text[] = "fuzz: no end in time\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	abort();
}

static struct bytes slurp(const char *where, const char *name)
{
	char path[CR_PATH_MAX + 16];
	struct bytes b;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", where, name);
	n = cr_slurp(AT_FDCWD, path, (char **)&b.v);
	if (n < 0)
		die(path);
	b.n = n;
	return b;
}

static void spill(const char *name, const void *a, size_t a_len, const void *b, size_t b_len)
{
	char path[CR_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/000001/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || cr_write_all(fd, a, a_len) || cr_write_all(fd, b, b_len))
		die(path);
	close(fd);
}

static struct cr_record_header header_at(size_t at)
{
	struct cr_record_header h;

	memcpy(&h, state.v + at, sizeof(h));
	return h;
}

static void find_records(void)
{
	size_t at = sizeof(struct cr_file_header);

	for (; at < state.n; at += sizeof(struct cr_record_header) + header_at(at).length) {
		records = realloc(records, (nrecords + 1) * sizeof(*records));
		records[nrecords++] = at;
	}
}

/* ---- changes ---- */

static void change_number(void *at, size_t size, uint64_t *rng)
{
	uint64_t value = 0;

	memcpy(&value, at, size < 8 ? size : 8);
	switch (sample_random(rng) % 4) {
	case 0:
		value = odd[sample_random(rng) % CR_ARRAY_SIZE(odd)];
		break;
	case 1:
		value ^= 1ull << sample_random(rng) % 48;
		break;
	case 2:
		value += (sample_random(rng) % 2 ? 1 : -1) * (1ull << sample_random(rng) % 32);
		break;
	default:
		value += CR_PAGE * (sample_random(rng) % 9 - 4);
	}
	memcpy(at, &value, size < 8 ? size : 8);
}

/* One field of a message, at whatever depth. */
static void change_field(const pb_msgdesc_t *type, void *msg, uint64_t *rng)
{
	unsigned int skip = sample_random(rng) % type->field_count;
	pb_bytes_array_t *bytes;
	pb_field_iter_t f;
	size_t n = 1;
	char *at;

	if (!pb_field_iter_begin(&f, type, msg))
		return;
	while (skip-- && pb_field_iter_next(&f))
		;
	if (PB_HTYPE(f.type) == PB_HTYPE_REPEATED)
		n = *(pb_size_t *)f.pSize;
	if (!n || PB_HTYPE(f.type) == PB_HTYPE_ONEOF)
		return;
	at = (char *)f.pField + sample_random(rng) % n * f.data_size;
	bytes = (void *)at;
	switch (PB_LTYPE(f.type)) {
	case PB_LTYPE_SUBMESSAGE:
		change_field(f.submsg_desc, at, rng);
		break;
	case PB_LTYPE_STRING:
		if (PB_ATYPE(f.type) == PB_ATYPE_POINTER)
			at = *(char **)at;
		n = at ? strlen(at) : 0;
		if (n)
			at[sample_random(rng) % n] = sample_random(rng);
		break;
	case PB_LTYPE_BYTES:
		if (bytes->size)
			bytes->bytes[sample_random(rng) % bytes->size] ^= sample_random(rng);
		break;
	case PB_LTYPE_BOOL:
		*(bool *)at ^= 1;
		break;
	default:
		change_number(at, f.data_size, rng);
	}
}

/* Some words of a run's memory, with their checksum. */
static void change_memory(cairn_PageRuns *runs, uint64_t *rng)
{
	cairn_PageRun *r = runs->runs_count ? &runs->runs[sample_random(rng) % runs->runs_count] :
					      NULL;
	unsigned int n = 1 + sample_random(rng) % 16;

	if (!r || r->codec > cairn_Codec_CODEC_LZ4 || r->offset + r->stored > new_pack.n)
		return;
	while (n-- && r->stored >= 8)
		change_number(new_pack.v + r->offset + sample_random(rng) % (r->stored / 8) * 8, 8,
			      rng);
	r->xxh3 = XXH3_64bits(new_pack.v + r->offset, r->stored);
}

static size_t put_record(uint32_t type, const unsigned char *data, size_t len)
{
	struct cr_record_header h = { type, len, XXH3_64bits_withSeed(data, len, type) };

	memcpy(new_state.v + new_state.n, &h, sizeof(h));
	memcpy(new_state.v + new_state.n + sizeof(h), data, len);
	return sizeof(h) + len;
}

static void change_record(size_t at, uint64_t *rng)
{
	static unsigned char out[RECORD_MAX];
	struct cr_record_header h = header_at(at);
	const unsigned char *data = state.v + at + sizeof(h);
	const pb_msgdesc_t *type = cr_image_descriptor(h.type);
	void *msg = calloc(1, cr_image_size(h.type) + sizeof(cairn_PageRuns));
	pb_istream_t is = pb_istream_from_buffer(data, h.length);
	pb_ostream_t os = pb_ostream_from_buffer(out, sizeof(out));
	unsigned int n = 1 + sample_random(rng) % 3;

	if (!msg || !pb_decode(&is, type, msg))
		die("decoding what was whole");
	if (h.type == cairn_RecordType_RECORD_RUNS && sample_random(rng) % 4)
		change_memory(msg, rng);
	else
		while (n--)
			change_field(type, msg, rng);
	/* What can no longer be said stays as it was. */
	if (pb_encode(&os, type, msg))
		new_state.n += put_record(h.type, out, os.bytes_written);
	else
		new_state.n += put_record(h.type, data, h.length);
	pb_release(type, msg);
	free(msg);
}

/* Those that matter for memory and stacks more often than others. */
static bool wanted(uint32_t type, uint64_t *rng)
{
	if (type == cairn_RecordType_RECORD_END)
		return false;
	if (type == cairn_RecordType_RECORD_RUNS || type == cairn_RecordType_RECORD_THREAD)
		return sample_random(rng) % 8 == 0;
	return sample_random(rng) % 48 == 0;
}

static void seal(void)
{
	static cairn_Manifest m;
	static unsigned char out[64 << 10];
	struct cr_manifest_header h;
	pb_istream_t is = pb_istream_from_buffer(manifest.v + sizeof(h), manifest.n - sizeof(h));
	pb_ostream_t os = pb_ostream_from_buffer(out, sizeof(out));

	memcpy(&h, manifest.v, sizeof(h));
	if (!pb_decode(&is, cairn_Manifest_fields, &m))
		die("manifest");
	m.files[0].size = new_state.n;
	m.files[0].xxh3 = XXH3_64bits(new_state.v, new_state.n);
	if (!pb_encode(&os, cairn_Manifest_fields, &m))
		die("manifest");
	h.length = os.bytes_written;
	h.hash = XXH3_64bits(out, h.length);
	spill(CR_MANIFEST, &h, sizeof(h), out, h.length);
	spill(CR_STATE, new_state.v, new_state.n, NULL, 0);
	spill(CR_PACK, new_pack.v, new_pack.n, NULL, 0);
}

static void make(uint64_t *rng)
{
	size_t i;

	memcpy(new_pack.v, pack.v, pack.n);
	new_state.n = sizeof(struct cr_file_header);
	memcpy(new_state.v, state.v, new_state.n);
	for (i = 0; i < nrecords; i++) {
		struct cr_record_header h = header_at(records[i]);

		if (wanted(h.type, rng))
			change_record(records[i], rng);
		else
			new_state.n += put_record(h.type, state.v + records[i] + sizeof(h),
						  h.length);
	}
	seal();
}

/* ---- what it is read by ---- */

static int (*const verbs[])(struct cr_inspect *in) = { cr_inspect_show,	 cr_inspect_core,
						       cr_inspect_backtrace, cr_inspect_env,
						       cr_inspect_files };

static void look(unsigned int *opened)
{
	struct cr_inspect in = { 0 };
	char path[CR_PATH_MAX];
	size_t i;

	snprintf(path, sizeof(path), "%s/000001", dir);
	if (cr_inspect_open(&in, path, &in.img)) {
		if (!in.err.status || !*in.err.text)
			abort();
		return;
	}
	++*opened;
	for (i = 0; i < CR_ARRAY_SIZE(verbs) * 2; i++) {
		cr_err_clear(&in.err);
		in.json = i & 1;
		in.all = true;
		if (verbs[i / 2](&in) && (!in.err.status || !*in.err.text))
			abort();
		fflush(stdout);
	}
	cr_inspect_close(in.img);
}

static void note_seed(uint64_t this)
{
	FILE *f = fopen("inspect-last", "w");

	if (f)
		fprintf(f, "%llu\n", (unsigned long long)this);
	if (!f || fclose(f))
		die("inspect-last");
}

int main(int argc, char **argv)
{
	unsigned int runs = 0, opened = 0;
	char path[CR_PATH_MAX];
	time_t end;

	if (argc < 3)
		return 2;
	end = time(NULL) + atoi(argv[1]);
	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : (uint64_t)time(NULL) * 1000;
	manifest = slurp(argv[2], CR_MANIFEST);
	state = slurp(argv[2], CR_STATE);
	pack = slurp(argv[2], CR_PACK);
	find_records();
	new_state.v = malloc(state.n * 2 + RECORD_MAX);
	new_pack = (struct bytes){ malloc(pack.n + 1), pack.n };
	if (!mkdtemp(dir) || !freopen("/dev/null", "w", stdout))
		die(dir);
	snprintf(path, sizeof(path), "%s/000001", dir);
	mkdir(path, 0700);
	signal(SIGALRM, on_alarm);
	do {
		uint64_t rng = (seed + runs) * 0x9e3779b97f4a7c15ull | 1;

		note_seed(seed + runs);
		alarm(HANG);
		make(&rng);
		look(&opened);
		runs++;
	} while (time(NULL) < end);
	fprintf(stderr, "fuzz: %u images for crimage, %u of them whole\n", runs, opened);
	unlink("inspect-last");
	cr_image_prune(dir, 0, 0);
	rmdir(dir);
	return 0;
}
