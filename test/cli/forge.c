// SPDX-License-Identifier: Apache-2.0
//
// Forges a checkpoint: changes one field of one record, or a record as a whole, by chance, and
// makes all checksums right again; or gives one field of the first record of a kind a number. Says
// what it has done.
#include <fcntl.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "common/image.h"
#include "common/image_format.h"

#define MOST 65536

static struct record {
	struct cr_record_header h;
	const unsigned char *data;
} all[MOST];
static size_t n;
static uint64_t seed;

static uint64_t any(void)
{
	seed += 0x9e3779b97f4a7c15ULL;
	uint64_t x = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ULL;

	return x ^ x >> 29;
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

static unsigned char *slurp(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	unsigned char *data;
	struct stat st;

	need(fd >= 0 && !fstat(fd, &st), path);
	data = malloc(st.st_size + 1);
	need(data && read(fd, data, st.st_size) == st.st_size, path);
	close(fd);
	*size = st.st_size;
	return data;
}

static void spill(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	need(fd >= 0 && write(fd, data, size) == (ssize_t)size && !close(fd), path);
}

/* ---- a message, field by field ---- */

struct out {
	unsigned char *at;
	size_t len;
};

static void put(struct out *o, const void *data, size_t len)
{
	memcpy(o->at + o->len, data, len);
	o->len += len;
}

static void put_number(struct out *o, uint64_t v)
{
	do
		o->at[o->len++] = (v & 127) | (v > 127 ? 128 : 0);
	while (v >>= 7);
}

/* What is likely to be near a limit. */
static uint64_t another(uint64_t v)
{
	switch (any() % 10) {
	case 0:
		return 0;
	case 1:
		return v + 1;
	case 2:
		return v - 1;
	case 3:
		return v ^ 1ULL << any() % 64;
	case 4:
		return v ^ 1ULL << any() % 16;
	case 5:
		return -1;
	case 6:
		return 0x7fffffff;
	case 7:
		return any() % 4096;
	case 8:
		return v + 4096 * (any() % 64);
	default:
		return any();
	}
}

static bool get_number(const unsigned char **p, const unsigned char *end, uint64_t *v)
{
	unsigned int shift = 0;

	for (*v = 0; *p < end && shift < 64; shift += 7) {
		*v |= (uint64_t)(**p & 127) << shift;
		if (!(*(*p)++ & 128))
			return true;
	}
	return false;
}

/* Whether it reads as a message; how many fields it has then, those within counted. */
static bool count(const unsigned char *p, size_t len, size_t *fields)
{
	const unsigned char *end = p + len;
	uint64_t key, v;

	while (p < end) {
		if (!get_number(&p, end, &key) || !(key >> 3) || key >> 3 > 200)
			return false;
		if ((key & 7) == 0 ? !get_number(&p, end, &v) :
		    (key & 7) == 1 ? end - p < 8 :
		    (key & 7) == 5 ? end - p < 4 :
				     (key & 7) != 2 || !get_number(&p, end, &v) ||
					     v > (size_t)(end - p))
			return false;
		if ((key & 7) == 2) {
			size_t within = 0;

			if (v && count(p, v, &within))
				*fields += within;
		}
		++*fields;
		p += (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : (key & 7) == 2 ? v : 0;
	}
	return true;
}

static void put_bytes(struct out *o, const unsigned char *p, size_t len)
{
	static const char *const names[] = { "", "/", "/proc/self/mem", "../../x", "/dev/zero" };
	unsigned char copy[len + 64];
	const char *name;

	memcpy(copy, p, len);
	switch (any() % 4) {
	case 0:
		len = len ? any() % len : 0;
		break;
	case 1:
		name = names[any() % 5];
		len = strlen(name);
		memcpy(copy, name, len);
		break;
	default:
		if (len)
			copy[any() % len] ^= 1 << any() % 8;
	}
	put_number(o, len);
	put(o, copy, len);
}

static void put_field(struct out *o, uint64_t key, uint64_t v, const unsigned char *content)
{
	put_number(o, key);
	if ((key & 7) == 1)
		put(o, &v, 8);
	else if ((key & 7) == 5)
		put(o, &v, 4);
	else
		put_number(o, v);
	if ((key & 7) == 2)
		put(o, content, v);
}

static void put_other(struct out *o, uint64_t key, uint64_t v, const unsigned char *content,
		      char *what)
{
	uint64_t to = another(v);

	what += sprintf(what, " field %u", (unsigned int)(key >> 3));
	switch (any() % 10) {
	case 0:
		strcpy(what, " is gone");
		return;
	case 1:
		strcpy(what, " comes twice");
		put_field(o, key, v, content);
		put_field(o, key, v, content);
		return;
	}
	if ((key & 7) == 2) {
		strcpy(what, " reads otherwise");
		put_number(o, key);
		put_bytes(o, content, v);
	} else {
		sprintf(what, " is %#lx, not %#lx", (long)to, (long)v);
		put_field(o, key, to, NULL);
	}
}

/* Copies a message but for the field whose turn it is. */
static void forge(struct out *o, const unsigned char *p, size_t len, size_t *turn, char *what)
{
	const unsigned char *end = p + len;

	while (p < end) {
		uint64_t key, v = 0;
		size_t size, within = 0;
		struct out sub = { 0 };

		get_number(&p, end, &key);
		size = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
		memcpy(&v, p, size);
		p += size;
		if (!size)
			get_number(&p, end, &v);
		if (!--*turn) {
			put_other(o, key, v, p, what + strlen(what));
		} else if ((key & 7) == 2 && v && count(p, v, &within)) {
			sub.at = malloc(v * 2 + 4096);
			forge(&sub, p, v, turn, what);
			put_field(o, key, sub.len, sub.at);
			free(sub.at);
		} else {
			put_field(o, key, v, p);
		}
		p += (key & 7) == 2 ? v : 0;
	}
}

/* ---- the image ---- */

static void read_records(const unsigned char *data, size_t size)
{
	size_t at = sizeof(struct cr_file_header);

	for (; at < size; n++) {
		need(n < MOST, "records");
		memcpy(&all[n].h, data + at, sizeof(all[n].h));
		all[n].data = data + at + sizeof(all[n].h);
		at += sizeof(all[n].h) + all[n].h.length;
	}
}

/* A record of a kind, or of any, each as likely as the next; but for the last, which ends all. */
static struct record *choose(uint32_t wanted)
{
	uint32_t type;
	size_t i;

	do {
		type = wanted ? wanted : any() % 128;
		for (i = 0; i < n - 1 && all[i].h.type != type; i++)
			;
	} while (i == n - 1);
	do
		i = any() % (n - 1);
	while (all[i].h.type != type);
	return &all[i];
}

static void change(struct record *r, char *what)
{
	size_t fields = 0, turn;
	struct out o = { malloc(r->h.length * 2 + 8192), 0 };

	need(o.at && count(r->data, r->h.length, &fields), "a record");
	turn = fields ? any() % fields + 1 : 0;
	forge(&o, r->data, r->h.length, &turn, what);
	r->data = o.at;
	r->h.length = o.len;
}

/* The last of several is the one that counts. */
static void set(struct record *r, uint64_t field, int64_t to, char *what)
{
	struct out o = { malloc(r->h.length + 64), 0 };

	need(o.at, "memory");
	put(&o, r->data, r->h.length);
	put_field(&o, field << 3, to, NULL);
	r->data = o.at;
	r->h.length = o.len;
	sprintf(what + strlen(what), " field %lu is %ld", (long)field, (long)to);
}

static struct record *first(uint32_t type)
{
	size_t i;

	for (i = 0; i < n - 1; i++)
		if (all[i].h.type == type)
			return &all[i];
	need(false, "no such record");
	return NULL;
}

static void write_message(struct out *o, const pb_msgdesc_t *type, const void *msg)
{
	pb_ostream_t s = pb_ostream_from_buffer(o->at + o->len, 1 << 20);

	need(pb_encode(&s, type, msg), "encoding");
	o->len += s.bytes_written;
}

static void put_record(struct out *o, const struct record *r)
{
	struct cr_record_header h = r->h;

	h.hash = XXH3_64bits_withSeed(r->data, h.length, h.type);
	put(o, &h, sizeof(h));
	put(o, r->data, h.length);
}

/* All but one, if it is to be gone. */
static void put_all(struct out *o, const struct record *gone, const struct record *twice)
{
	cairn_End end = cairn_End_init_zero;
	pb_istream_t in = pb_istream_from_buffer(all[n - 1].data, all[n - 1].h.length);
	struct out last = { malloc(1 << 20), 0 };
	size_t i;

	need(last.at && pb_decode(&in, cairn_End_fields, &end), "the end");
	for (i = 0; i < n - 1; i++) {
		if (&all[i] != gone)
			put_record(o, &all[i]);
		if (&all[i] == twice)
			put_record(o, &all[i]);
	}
	end.records = n - !!gone + !!twice;
	write_message(&last, cairn_End_fields, &end);
	all[n - 1].data = last.at;
	all[n - 1].h.length = last.len;
	put_record(o, &all[n - 1]);
}

static void put_manifest(const char *path, const struct out *state)
{
	cairn_Manifest m = cairn_Manifest_init_zero;
	struct out o = { malloc(2 << 20), 0 };
	struct cr_manifest_header h;
	pb_istream_t in;
	size_t size;
	unsigned char *old = slurp(path, &size);

	memcpy(&h, old, sizeof(h));
	in = pb_istream_from_buffer(old + sizeof(h), h.length);
	need(o.at && pb_decode(&in, cairn_Manifest_fields, &m), "the manifest");
	m.files[0].size = state->len;
	m.files[0].xxh3 = XXH3_64bits(state->at, state->len);
	o.len = sizeof(h);
	write_message(&o, cairn_Manifest_fields, &m);
	h.length = o.len - sizeof(h);
	h.hash = XXH3_64bits(o.at + sizeof(h), h.length);
	memcpy(o.at, &h, sizeof(h));
	spill(path, o.at, o.len);
}

int main(int argc, char **argv)
{
	const struct record *gone = NULL, *twice = NULL;
	char what[256], path[2][4096];
	unsigned char *data;
	struct record *r;
	struct out o;
	size_t size;

	if (argc < 3 || argc == 5) {
		fprintf(stderr, "usage: forge IMAGE SEED [TYPE [FIELD NUMBER]]\n");
		return 2;
	}
	seed = strtoull(argv[2], NULL, 0);
	snprintf(path[0], sizeof(path[0]), "%s/state.img", argv[1]);
	snprintf(path[1], sizeof(path[1]), "%s/manifest", argv[1]);
	data = slurp(path[0], &size);
	read_records(data, size);
	r = argc > 5 ? first(atoi(argv[3])) : choose(argc > 3 ? atoi(argv[3]) : 0);
	sprintf(what, "record %zu of type %u", (size_t)(r - all), r->h.type);
	switch (argc > 5 ? -1 : (int)(any() % 16)) {
	case -1:
		set(r, atoi(argv[4]), atoll(argv[5]), what);
		break;
	case 0:
		strcat(what, " is gone");
		gone = r;
		break;
	case 1:
		strcat(what, " comes twice");
		twice = r;
		break;
	default:
		change(r, what);
	}
	o = (struct out){ malloc(size * 2 + (4 << 20)), sizeof(struct cr_file_header) };
	need(o.at, "memory");
	memcpy(o.at, data, sizeof(struct cr_file_header));
	put_all(&o, gone, twice);
	spill(path[0], o.at, o.len);
	put_manifest(path[1], &o);
	puts(what);
	return 0;
}
