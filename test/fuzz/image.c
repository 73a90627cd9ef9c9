// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of checkpoints and crimage (verbs.c): whatever the three files hold, opening,
// checking and reading them must end in success or an error. An abort, a sanitizer's finding or a
// leak is a bug.
#include "fuzz.h"

#include <fcntl.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "common/image.h"
#include "common/image_format.h"
#include "common/image_read.h"
#include "restart/check.h"
#include "restart/restart.h"

static char dir[64];

static void remove_dir(void)
{
	static const char *const names[] = { CR_MANIFEST, CR_STATE, CR_PACK };
	char path[128];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void make_dir(void)
{
	const char *parent = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	snprintf(dir, sizeof(dir), "%s/cairn-fuzz-XXXXXX", parent);
	if (!mkdtemp(dir))
		abort();
	atexit(remove_dir);
}

static void put(const char *name, const void *data, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || cr_write_all(fd, data, len))
		abort();
	close(fd);
}

/* Walks the records and makes their lengths and checksums right; returns their number. */
static uint32_t fix_records(unsigned char *data, size_t size)
{
	static const struct cr_file_header header = { CR_STATE_MAGIC, CR_FORMAT_VERSION,
						      ~CR_FORMAT_VERSION };
	struct cr_record_header h;
	size_t at = sizeof(header);
	uint32_t n = 0;

	if (size < at)
		return 0;
	memcpy(data, &header, sizeof(header));
	for (; size - at >= sizeof(h); n++) {
		memcpy(&h, data + at, sizeof(h));
		if (h.length > size - at - sizeof(h))
			h.length = size - at - sizeof(h);
		h.hash = XXH3_64bits_withSeed(data + at + sizeof(h), h.length, h.type);
		memcpy(data + at, &h, sizeof(h));
		at += sizeof(h) + h.length;
	}
	return n;
}

/* A last record that agrees with the rest. */
static size_t add_end(unsigned char *at, uint32_t records, uint64_t pack)
{
	struct cr_record_header h = { .type = cairn_RecordType_RECORD_END };
	cairn_End end = { .records = records + 1, .pack_size = pack };
	pb_ostream_t out = pb_ostream_from_buffer(at + sizeof(h), cairn_End_size);

	if (!pb_encode(&out, cairn_End_fields, &end))
		abort();
	h.length = out.bytes_written;
	h.hash = XXH3_64bits_withSeed(at + sizeof(h), h.length, h.type);
	memcpy(at, &h, sizeof(h));
	return sizeof(h) + h.length;
}

/* Header and checksum of a manifest whose message is given. */
static void put_manifest(const void *msg, size_t len)
{
	static unsigned char buf[sizeof(struct cr_manifest_header) + FUZZ_INPUT_MAX];
	struct cr_manifest_header h = {
		{ CR_MANIFEST_MAGIC, CR_FORMAT_VERSION, ~CR_FORMAT_VERSION }, len,
		XXH3_64bits(msg, len)
	};

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), msg, len);
	put(CR_MANIFEST, buf, sizeof(h) + len);
}

static void put_whole(const unsigned char *msg, size_t len, const void *state, size_t size,
		      size_t pack)
{
	static unsigned char buf[cairn_Manifest_size];
	static cairn_Manifest m;
	pb_istream_t in = pb_istream_from_buffer(msg, len);
	pb_ostream_t out = pb_ostream_from_buffer(buf, sizeof(buf));

	if (!pb_decode(&in, cairn_Manifest_fields, &m))
		memset(&m, 0, sizeof(m));
	m.uid = geteuid();
	m.files_count = 2;
	strcpy(m.files[0].name, CR_STATE);
	m.files[0].size = size;
	m.files[0].xxh3 = XXH3_64bits(state, size);
	strcpy(m.files[1].name, CR_PACK);
	m.files[1].size = pack;
	if (pb_encode(&out, cairn_Manifest_fields, &m))
		put_manifest(buf, out.bytes_written);
}

static void read_blob(const struct cr_image *img, const cairn_Blob *blob, size_t raw_len)
{
	struct cr_err err = { 0 };
	void *data, *raw = NULL;

	if (!cr_image_read_blob(img, blob, &data, &err) && raw_len) {
		cr_unpack(data, blob->size, &raw, raw_len);
		free(raw);
	}
	free(data);
}

static void read_runs(const struct cr_image *img, const cairn_PageRun *runs, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < 64; i++) {
		cairn_Blob blob = { runs[i].offset, runs[i].stored, runs[i].xxh3 };

		if (runs[i].codec == cairn_Codec_CODEC_RAW)
			read_blob(img, &blob, 0);
		else if (runs[i].codec == cairn_Codec_CODEC_LZ4)
			read_blob(img, &blob, runs[i].pages * CR_PAGE);
	}
}

static void read_all(struct cr_image *img)
{
	struct cr_err err = { 0 };
	size_t i;

	cr_restart_check(img, true, &err);
	for (i = 0; i < img->processes.n; i++)
		read_runs(img, img->processes.v[i].runs.v, img->processes.v[i].runs.n);
	for (i = 0; i < img->shared.n; i++)
		read_runs(img, img->shared.v[i].runs.v, img->shared.v[i].runs.n);
	for (i = 0; i < img->extents.n; i++)
		read_blob(img, &img->extents.v[i].blob, 0);
	for (i = 0; i < img->pipes.n; i++)
		read_blob(img, &img->pipes.v[i].content, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char state[FUZZ_INPUT_MAX + 64];
	struct cr_image *img;
	struct cr_err err = { 0 };
	struct fuzz_head head;
	size_t manifest, n, pack;
	uint32_t records;

	if (size < sizeof(head) || size > FUZZ_INPUT_MAX)
		return 0;
	if (!dir[0])
		make_dir();
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	manifest = head.manifest < size ? head.manifest : size;
	n = head.state < size - manifest ? head.state : size - manifest;
	pack = size - manifest - n;
	memcpy(state, data + manifest, n);
	records = head.mode % FUZZ_MODES == FUZZ_RAW ? 0 : fix_records(state, n);
	switch (head.mode % FUZZ_MODES) {
	case FUZZ_RAW:
		put(CR_MANIFEST, data, manifest);
		break;
	case FUZZ_CHECKSUMS:
		put_manifest(data, manifest);
		break;
	default:
		n += add_end(state + n, records, pack);
		put_whole(data, manifest, state, n, pack);
	}
	put(CR_STATE, state, n);
	put(CR_PACK, data + size - pack, pack);
	img = malloc(sizeof(*img));
	if (!cr_image_open(img, dir, &err))
		read_all(img);
	else if (!err.status || !err.text[0])
		abort(); /* a refusal says why */
	fuzz_verbs(err.status ? NULL : img, dir);
	cr_image_free(img);
	free(img);
	return 0;
}
