// SPDX-License-Identifier: Apache-2.0
//
// Drives the fuzzer where libFuzzer is not there: mutates a good checkpoint at random.
//   image SECONDS [SEED]   fuzzes for so long; the last input is in the file fuzz-last
//   image --seeds DIR      writes the inputs to start from
//   image FILE...          runs these inputs
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/err.h"
#include "common/image_format.h"
#include "common/image_write.h"
#include "common/io.h"
#include "fuzz.h"
#include "sample.h"

struct input {
	uint32_t size; /* at the front, so that fuzz-last tells how much of it counts */
	uint8_t data[FUZZ_INPUT_MAX];
};

static struct input seeds[FUZZ_MODES * 2];
static unsigned int nseeds;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void append(struct input *in, const void *data, size_t len)
{
	memcpy(in->data + in->size, data, len);
	in->size += len;
}

static size_t slurp(const char *dir, const char *name, char **out)
{
	char path[CR_PATH_MAX + 16];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = cr_slurp(AT_FDCWD, path, out);
	if (n < 0)
		fail(path);
	return n;
}

/* Where the last record begins: FUZZ_WHOLE makes its own. */
static size_t without_end(const char *state, size_t size)
{
	struct cr_record_header h;
	size_t at = sizeof(struct cr_file_header), last = at;

	while (size - at >= sizeof(h)) {
		memcpy(&h, state + at, sizeof(h));
		last = at;
		at += sizeof(h) + h.length;
	}
	return last;
}

static void make_seed(const char *path, enum fuzz_mode mode, bool content)
{
	struct input *in = &seeds[nseeds++];
	char *manifest, *state, *pack;
	size_t m = slurp(path, CR_MANIFEST, &manifest), s = slurp(path, CR_STATE, &state);
	size_t p = slurp(path, CR_PACK, &pack), skip = 0;
	struct fuzz_head head = { .mode = mode };

	if (mode != FUZZ_RAW)
		skip = sizeof(struct cr_manifest_header);
	if (mode == FUZZ_WHOLE)
		s = without_end(state, s);
	head.manifest = m - skip;
	head.state = s;
	append(in, &head, sizeof(head));
	append(in, manifest + skip, m - skip);
	append(in, state, s);
	append(in, pack, content ? p : 0);
	free(manifest);
	free(state);
	free(pack);
}

static void make_seeds(void)
{
	static struct sample s;
	char dir[] = "/tmp/cairn-seed-XXXXXX", path[CR_PATH_MAX];
	struct cr_err err = { 0 };
	int mode;

	if (!mkdtemp(dir) || sample_write(&s, dir, false, path, &err))
		fail(err.text);
	for (mode = 0; mode < FUZZ_MODES; mode++) {
		make_seed(path, mode, true);
		make_seed(path, mode, false);
	}
	cr_image_prune(dir, 0, 0);
	rmdir(dir);
}

static void write_seeds(const char *dir)
{
	char path[CR_PATH_MAX];
	unsigned int i;

	for (i = 0; i < nseeds; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/seed-%u", dir, i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || cr_write_all(fd, seeds[i].data, seeds[i].size))
			fail(path);
		close(fd);
	}
}

/* One change at one place. */
static void mutate(struct input *in, uint64_t *rng)
{
	static const uint64_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfff, 0x1000, 0x7fffffff,
					0x80000000, 0xffffffff, 1ull << 63, UINT64_MAX };
	uint64_t r = sample_random(rng), value = odd[(r >> 8) % CR_ARRAY_SIZE(odd)];
	size_t head = sizeof(struct fuzz_head), at, from, n = 1ul << (r >> 16) % 4;

	if (in->size < head + 32)
		return;
	/* Mostly where the records are, and seldom in the pack. */
	at = head + sample_random(rng) % ((r >> 20) % 8 ? (in->size - head) / 5 + 8 :
							     in->size - head - 16);
	from = head + sample_random(rng) % (in->size - head - 16);
	if (at + 16 > in->size)
		at = in->size - 16;
	switch (r % 8) {
	case 0:
	case 1:
		in->data[at] ^= 1 << (r >> 24) % 8;
		break;
	case 2:
	case 3:
		in->data[at] = sample_random(rng);
		break;
	case 4:
		memcpy(in->data + at, &value, n);
		break;
	case 5:
		memmove(in->data + at, in->data + from, n * 2);
		break;
	case 6:
		memmove(in->data + at, in->data + at + n, in->size - at - n);
		in->size -= n;
		break;
	default:
		if (in->size + n > FUZZ_INPUT_MAX)
			break;
		memmove(in->data + at + n, in->data + at, in->size - at);
		in->size += n;
	}
}

static unsigned long fuzz(double seconds, uint64_t seed)
{
	int fd = open("fuzz-last", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + seconds * 1e9;
	unsigned long runs = 0;
	struct input *in;

	if (fd < 0 || ftruncate(fd, sizeof(*in)))
		fail("fuzz-last");
	in = mmap(NULL, sizeof(*in), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (in == MAP_FAILED)
		fail("fuzz-last");
	for (; cr_now_ns(CLOCK_MONOTONIC) < end; runs++) {
		/* Each run is known by the seed and its number. */
		uint64_t rng = (seed + runs) * 0x9e3779b97f4a7c15ull | 1;
		const struct input *from = &seeds[sample_random(&rng) % nseeds];
		unsigned int n = runs < nseeds ? 0 : 1u << sample_random(&rng) % 5;

		if (runs < nseeds)
			from = &seeds[runs];
		in->size = from->size;
		memcpy(in->data, from->data, from->size);
		while (n--)
			mutate(in, &rng);
		LLVMFuzzerTestOneInput(in->data, in->size);
	}
	munmap(in, sizeof(*in));
	close(fd);
	unlink("fuzz-last");
	return runs;
}

static int run_file(const char *path)
{
	static struct input last;
	char *data;
	ssize_t n = cr_slurp(AT_FDCWD, path, &data);

	if (n < 0)
		fail(path);
	if (n == sizeof(last)) {
		memcpy(&last, data, n);
		LLVMFuzzerTestOneInput(last.data, last.size);
	} else {
		LLVMFuzzerTestOneInput((uint8_t *)data, n);
	}
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	double seconds;
	uint64_t seed;
	char *end;
	int i;

	if (argc < 2)
		return 2;
	make_seeds();
	if (!strcmp(argv[1], "--seeds") && argc == 3) {
		write_seeds(argv[2]);
		return 0;
	}
	seconds = strtod(argv[1], &end);
	if (*end || end == argv[1]) {
		for (i = 1; i < argc; i++)
			run_file(argv[i]);
		return 0;
	}
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)cr_now_ns(CLOCK_REALTIME);
	printf("fuzz: seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	printf("fuzz: %lu inputs\n", fuzz(seconds, seed));
	return 0;
}
