// SPDX-License-Identifier: Apache-2.0
//
// CRIU's files: two magic numbers, then messages in protobuf's wire format, each behind its length.
// They come out of an image and may be anything: every piece is checked by its checksum, every
// message is bounded by its file, and a message that cannot be read ends its file.
#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "inspect/inspect_criu.h"

#include <fcntl.h>
#include <pb_decode.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (64ul << 20)
#define PROCESSES_MAX 65536

/* The content of an archived file by the last part of its name; malloced. */
static char *content(const struct cr_image *img, const char *name, size_t *len)
{
	const cairn_ArchiveFile *f = NULL;
	struct cr_err none = { 0 };
	char *data;
	size_t i;

	for (i = 0; i < img->archive_files.n && !f; i++) {
		const char *base = strrchr(img->archive_files.v[i].name, '/');

		if (!strcmp(base ? base + 1 : img->archive_files.v[i].name, name))
			f = &img->archive_files.v[i];
	}
	if (!f || f->size > FILE_BYTES_MAX)
		return NULL;
	data = calloc(1, f->size + 1);
	for (i = 0; data && i < img->archive_pieces.n; i++) {
		const cairn_ArchivePiece *p = &img->archive_pieces.v[i];
		cr_auto_free void *piece = NULL;

		if (p->file != f->id || p->position > f->size ||
		    p->blob.size > f->size - p->position ||
		    cr_image_read_blob(img, &p->blob, &piece, &none))
			continue;
		memcpy(data + p->position, piece, p->blob.size);
	}
	*len = f->size;
	return data;
}

/* ---- messages ---- */

struct field {
	uint32_t tag;
	pb_wire_type_t wire;
	uint64_t value;
	pb_istream_t text; /* of a text or a message within */
};

/* Whether there is one more. */
static bool inspect_criu_next(pb_istream_t *in, struct field *f)
{
	bool eof;

	if (!pb_decode_tag(in, &f->wire, &f->tag, &eof))
		return false;
	f->value = 0;
	switch (f->wire) {
	case PB_WT_VARINT:
		return pb_decode_varint(in, &f->value);
	case PB_WT_STRING:
		if (!pb_decode_varint(in, &f->value) || f->value > in->bytes_left)
			return false;
		/* It lies in memory: the state is a place there. */
		f->text = pb_istream_from_buffer(in->state, f->value);
		return pb_read(in, NULL, f->value);
	default:
		return pb_skip_field(in, f->wire);
	}
}

static void text_of(struct field *f, char *out, size_t room)
{
	size_t n = f->wire == PB_WT_STRING ? f->value : 0;

	if (n >= room)
		n = room - 1;
	if (n && !pb_read(&f->text, (pb_byte_t *)out, n))
		n = 0;
	out[n] = 0;
}

/* Calls for each message of a file. */
static void each(const struct cr_image *img, const char *name,
		 void (*message)(void *arg, pb_istream_t *in), void *arg)
{
	size_t len = 0, at = 8;
	cr_auto_free char *data = content(img, name, &len);
	uint32_t n;

	while (data && at < len && len - at >= sizeof(n)) {
		pb_istream_t in;

		memcpy(&n, data + at, sizeof(n));
		at += sizeof(n);
		if (n > len - at)
			return;
		in = pb_istream_from_buffer((pb_byte_t *)data + at, n);
		message(arg, &in);
		at += n;
	}
}

/* ---- files.img: file_entry, and in it reg_file_entry ---- */

static void reg_file(struct cr_criu_facts *c, pb_istream_t *in)
{
	char path[CR_PATH_MAX] = "";
	struct cr_criu_file file = { .id = 0 }, *to;
	struct field f;
	uint64_t mode = 0;

	while (inspect_criu_next(in, &f)) {
		if (f.tag == 1)
			file.id = f.value;
		else if (f.tag == 2)
			file.written = (f.value & O_ACCMODE) != O_RDONLY;
		else if (f.tag == 6)
			text_of(&f, path, sizeof(path));
		else if (f.tag == 8)
			file.size = f.value;
		else if (f.tag == 10)
			mode = f.value;
	}
	to = path[0] ? cr_list_add(&c->files) : NULL;
	if (!to)
		return;
	*to = file;
	to->needed = S_ISREG(mode);
	to->sized = file.size && to->needed;
	to->path = strdup(path);
}

static void file_entry(void *arg, pb_istream_t *in)
{
	struct field f;

	while (inspect_criu_next(in, &f))
		if (f.tag == 3 && f.wire == PB_WT_STRING)
			reg_file(arg, &f.text);
}

/* remap-fpath.img: remap_file_path_entry, of files that have no name and come with the image. */
static void remap_entry(void *arg, pb_istream_t *in)
{
	struct cr_criu_facts *c = arg;
	uint32_t id = 0;
	struct field f;
	size_t i;

	while (inspect_criu_next(in, &f))
		if (f.tag == 1)
			id = f.value;
	for (i = 0; i < c->files.n; i++)
		if (c->files.v[i].id == id)
			c->files.v[i].needed = c->files.v[i].sized = false;
}

enum cr_need_state cr_criu_file_look(const struct cr_criu_file *f)
{
	struct stat st;

	if (!f->path || !f->needed)
		return CR_NEED_SAME;
	if (stat(f->path, &st))
		return CR_NEED_MISSING;
	if (!f->sized || (uint64_t)st.st_size == f->size ||
	    (f->written && (uint64_t)st.st_size > f->size))
		return CR_NEED_SAME;
	return CR_NEED_DIFFERENT;
}

const char *cr_criu_facts_path(const struct cr_criu_facts *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < c->files.n; i++)
		if (c->files.v[i].id == id && c->files.v[i].path)
			return c->files.v[i].path;
	return "";
}

/* ---- pstree.img: pstree_entry ---- */

static void pstree_entry(void *arg, pb_istream_t *in)
{
	struct cr_criu_facts *c = arg;
	struct cr_criu_process *p =
		c->processes.n < PROCESSES_MAX ? cr_list_add(&c->processes) : NULL;
	struct field f;

	while (p && inspect_criu_next(in, &f)) {
		if (f.tag == 1)
			p->pid = f.value;
		else if (f.tag == 2)
			p->ppid = f.value;
		else if (f.tag == 3)
			p->pgid = f.value;
		else if (f.tag == 4)
			p->sid = f.value;
		else if (f.tag == 5)
			p->threads++;
	}
}

/* ---- core-PID.img: core_entry, and in it task_core_entry ---- */

static void task_core(struct cr_criu_process *p, pb_istream_t *in)
{
	struct field f;

	while (inspect_criu_next(in, &f)) {
		if (f.tag == 1)
			p->zombie = f.value == 6;
		else if (f.tag == 6)
			text_of(&f, p->name, sizeof(p->name));
	}
}

static void core_entry(void *arg, pb_istream_t *in)
{
	struct field f;

	while (inspect_criu_next(in, &f))
		if (f.tag == 3 && f.wire == PB_WT_STRING)
			task_core(arg, &f.text);
}

/* ---- mm-PID.img: mm_entry, and in it vma_entry ---- */

static void vma_entry(struct cr_criu_process *p, pb_istream_t *in)
{
	uint64_t start = 0, end = 0;
	struct field f;

	while (inspect_criu_next(in, &f)) {
		if (f.tag == 1)
			start = f.value;
		else if (f.tag == 2)
			end = f.value;
	}
	p->mappings++;
	if (end > start)
		p->mapped += end - start;
}

static void mm_entry(void *arg, pb_istream_t *in)
{
	struct cr_criu_process *p = arg;
	struct field f;

	while (inspect_criu_next(in, &f)) {
		if (f.tag == 12)
			p->exe = f.value;
		else if (f.tag == 14 && f.wire == PB_WT_STRING)
			vma_entry(p, &f.text);
	}
}

/* What crrestart gives from its own: FD=PATH without the first slash, divided by zeros. */
static void leave_outside(const cairn_Job *job, struct cr_criu_facts *c)
{
	const char *at = (const char *)job->outside.bytes, *end = at + job->outside.size, *is;
	size_t n, i;

	for (; at < end; at += n + 1) {
		n = strnlen(at, end - at);
		is = memchr(at, '=', n);
		for (i = 0; is && i < c->files.n; i++) {
			struct cr_criu_file *f = &c->files.v[i];

			if (f->path && f->path[0] == '/' &&
			    strlen(f->path + 1) == n - (is + 1 - at) &&
			    !memcmp(f->path + 1, is + 1, n - (is + 1 - at)))
				f->needed = f->sized = false;
		}
	}
}

bool cr_criu_facts_read(const struct cr_image *img, struct cr_criu_facts *out)
{
	char name[40];
	size_t i;

	*out = (struct cr_criu_facts){ 0 };
	each(img, "files.img", file_entry, out);
	each(img, "remap-fpath.img", remap_entry, out);
	leave_outside(&img->job, out);
	each(img, "pstree.img", pstree_entry, out);
	for (i = 0; i < out->processes.n; i++) {
		struct cr_criu_process *p = &out->processes.v[i];

		snprintf(name, sizeof(name), "core-%d.img", p->pid);
		each(img, name, core_entry, p);
		snprintf(name, sizeof(name), "mm-%d.img", p->pid);
		each(img, name, mm_entry, p);
	}
	for (i = 0; i < img->archive_files.n; i++) {
		const char *base = strrchr(img->archive_files.v[i].name, '/');

		base = base ? base + 1 : img->archive_files.v[i].name;
		if (!strncmp(base, "pages-", 6))
			out->pages += img->archive_files.v[i].size;
	}
	return out->processes.n;
}

void cr_criu_facts_free(struct cr_criu_facts *c)
{
	size_t i;

	for (i = 0; i < c->files.n; i++)
		free(c->files.v[i].path);
	free(c->files.v);
	free(c->processes.v);
	*c = (struct cr_criu_facts){ 0 };
}
