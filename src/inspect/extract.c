// SPDX-License-Identifier: Apache-2.0
//
// crimage extract: contents of a checkpoint as files: a range of memory, what a descriptor's file
// or queue holds, a stored file by its path, or all in a folder. Everything read is checked by its
// checksum first. Names of files in the folder are ours, made of letters of the image's that do no
// harm; nothing that is there is overwritten.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/archive.h"
#include "common/image.h"
#include "common/image_read.h"
#include "inspect/extract.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"
#include "objects/shape/model.h"
#include "objects/shape/shapes.h"
#include "objects/shape/text.h"

/* Zeros that are written out where a file cannot have holes. */
#define HOLES_MAX (1ull << 34)

/* Where contents go: at places if it is a file, else one behind the other. */
struct sink {
	int fd;
	bool seekable;
	uint64_t at; /* written so far, if not */
	struct cr_err *err;
};

static int cannot_write(struct sink *s, int error)
{
	return cr_fail(s->err, CR_EXIT_IO, error, "cannot write what was extracted");
}

static int skip_to(struct sink *s, uint64_t at)
{
	static const char zeros[64 << 10];
	int ret = 0;

	if (at - s->at > HOLES_MAX)
		return cr_fail(s->err, CR_EXIT_IO, EFBIG,
			       "%llu bytes of zeros: give -o FILE, which can have holes",
			       (unsigned long long)(at - s->at));
	while (!ret && s->at < at) {
		size_t n = at - s->at < sizeof(zeros) ? at - s->at : sizeof(zeros);

		ret = cr_write_all(s->fd, zeros, n);
		s->at += n;
	}
	return ret ? cannot_write(s, -ret) : 0;
}

static int extract_put(struct sink *s, uint64_t at, const void *data, size_t len)
{
	int ret;

	if (s->seekable) {
		ret = cr_write_at(s->fd, data, len, at);
	} else {
		ret = skip_to(s, at);
		if (ret)
			return ret;
		ret = cr_write_all(s->fd, data, len);
		s->at += len;
	}
	return ret ? cannot_write(s, -ret) : 0;
}

/* Its length, when all has been put. */
static int extract_end(struct sink *s, uint64_t size)
{
	if (!s->seekable)
		return size > s->at ? skip_to(s, size) : 0;
	return (off_t)size < 0 || ftruncate(s->fd, size) ? cannot_write(s, EFBIG) : 0;
}

static void extract_begin(struct sink *s, int fd, struct cr_err *err)
{
	struct stat st;

	*s = (struct sink){ .fd = fd, .err = err };
	/* Not behind what others have written to it. */
	s->seekable = !fstat(fd, &st) && S_ISREG(st.st_mode) && !lseek(fd, 0, SEEK_CUR) &&
		      !(fcntl(fd, F_GETFL) & O_APPEND);
}

/* ---- kinds of contents ---- */

static int put_blob(const struct cr_image *img, struct sink *s, uint64_t at, const cairn_Blob *b)
{
	cr_auto_free void *data = NULL;
	int ret = b->size ? cr_image_read_blob(img, b, &data, s->err) : 0;

	return ret || !b->size ? ret : extract_put(s, at, data, b->size);
}

static int extract_put_queue(const struct cr_image *img, struct sink *s, const cairn_Blob *b)
{
	int ret = put_blob(img, s, 0, b);

	return ret ? ret : extract_end(s, b->size);
}

static int put_file(const struct cr_image *img, struct sink *s, const cairn_Inode *f)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < img->extents.n && !ret; i++)
		if (img->extents.v[i].inode == f->id)
			ret = put_blob(img, s, img->extents.v[i].position, &img->extents.v[i].blob);
	return ret ? ret : extract_end(s, f->size);
}

/* stored: leave out what the image only names. */
static int extract_put_memory(const struct cr_image *img, struct sink *s,
			      const struct cr_process_image *p, uint64_t from, uint64_t to,
			      bool stored)
{
	struct cr_memory *m = NULL;
	uint64_t at = from;
	int ret = cr_memory_open(&m, img, p, s->err);

	while (!ret && at < to) {
		struct cr_memory_piece piece = cr_memory_piece(m, at);
		size_t n = (piece.end < to ? piece.end : to) - at;
		const void *data;

		if (piece.kind == CR_MEMORY_ZERO || (stored && piece.kind != CR_MEMORY_STORED)) {
			at += n;
			continue;
		}
		ret = cr_memory_view(m, at, &data, &n, s->err);
		if (!ret)
			ret = extract_put(s, at - from, data, n);
		at += n;
	}
	cr_memory_close(m);
	return ret ? ret : extract_end(s, to - from);
}

/* What waits in, or is stored of, what a description leads to; NULL: nothing. */
static const cairn_Blob *queue_of(const struct cr_model *m, const cairn_Description *d)
{
	const struct cr_shape *s = cr_shape_of(d->kind);

	return s && s->queue ? s->queue(m, d) : NULL;
}

/* ---- one thing ---- */

static int extract_fd(struct cr_inspect *in, struct sink *s, const struct cr_process_image *p,
		      int fd)
{
	const cairn_Description *d = NULL;
	const cairn_Inode *f = NULL;
	const cairn_Blob *b = NULL;
	struct cr_model m;
	int ret = cr_model_make(&m, in->img, &in->err);
	size_t i, k;

	if (ret)
		return ret;
	for (i = 0; i < p->fds.n && !d; i++)
		for (k = 0; k < p->fds.v[i].fds_count && !d; k++)
			if (p->fds.v[i].fds[k] == fd)
				d = cr_model_description(&m, p->fds.v[i].descriptions[k]);
	if (d && d->kind == cairn_ObjectKind_OBJECT_REGULAR)
		f = cr_model_inode(&m, d->object);
	else if (d)
		b = queue_of(&m, d);
	if (!d)
		ret = cr_fail(&in->err, CR_EXIT_NOT_FOUND, 0, "process %d has no descriptor %d",
			      p->process.pid, fd);
	else if (b)
		ret = extract_put_queue(in->img, s, b);
	else if (f && f->stored)
		ret = put_file(in->img, s, f);
	else
		ret = cr_fail(&in->err, CR_EXIT_NOT_FOUND, 0,
			      "the image has no content of descriptor %d of process %d (%s)", fd,
			      p->process.pid, f ? "the file is only named" : cr_kind_name(d));
	cr_model_free(&m);
	return ret;
}

static int extract_path(struct cr_inspect *in, struct sink *s, const char *path)
{
	const cairn_Inode *found = NULL;
	size_t i;

	for (i = 0; i < in->img->inodes.n; i++)
		if (!strcmp(in->img->inodes.v[i].path, path) &&
		    (!found || in->img->inodes.v[i].stored))
			found = &in->img->inodes.v[i];
	if (found && found->stored)
		return put_file(in->img, s, found);
	return cr_fail(&in->err, CR_EXIT_NOT_FOUND, 0,
		       found ? "%s is only named in the image, its content is not stored" :
			       "%s is not a file of the image (crimage files lists them)",
		       path);
}

/* PID:FD, PID:START-END in hexadecimal, or a path. */
static int extract_one(struct cr_inspect *in, struct sink *s, const char *what)
{
	const struct cr_process_image *p;
	unsigned long long from, to;
	int pid, fd, n = 0;
	char text[16];

	if (what[0] == '/')
		return extract_path(in, s, what);
	if (sscanf(what, "%d:%llx-%llx%n", &pid, &from, &to, &n) == 3 && !what[n]) {
		if (from >= to)
			return cr_fail(&in->err, CR_EXIT_USAGE, 0, "%s: an empty range", what);
	} else if (sscanf(what, "%d:%d%n", &pid, &fd, &n) == 2 && !what[n]) {
		from = to = 0;
	} else {
		return cr_fail(&in->err, CR_EXIT_USAGE, 0,
			       "%s: give PID:FD, PID:START-END (addresses as crimage show has "
			       "them), a path, or --all",
			       what);
	}
	snprintf(text, sizeof(text), "%d", pid);
	p = cr_inspect_process(in, text);
	if (!p)
		return -1;
	return to ? extract_put_memory(in->img, s, p, from, to, false) : extract_fd(in, s, p, fd);
}

/* ---- all ---- */

struct folder {
	struct cr_inspect *in;
	int dir;
};

/* A new file in the folder; said in a line. */
static int extract_make(struct folder *f, const char *prefix, unsigned int number, const char *name,
			const char *what, struct sink *s)
{
	const char *base = strrchr(name, '/');
	char own[120];
	size_t n, i;
	int fd;

	snprintf(own, sizeof(own), "%s-%u-%.64s", prefix, number, base ? base + 1 : name);
	n = strlen(own);
	for (i = 0; i < n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
			    own[i]))
			own[i] = '_';
	fd = openat(f->dir, own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return cr_fail(&f->in->err, errno == EEXIST ? CR_EXIT_EXISTS : CR_EXIT_IO, errno,
			       "cannot make %s in %s", own, f->in->output);
	cr_line("%-40s %s", own, what);
	extract_begin(s, fd, &f->in->err);
	return 0;
}

static int all_files(struct folder *f)
{
	const struct cr_image *img = f->in->img;
	struct sink s;
	size_t i;
	int ret = 0;

	for (i = 0; i < img->inodes.n && !ret; i++) {
		const cairn_Inode *m = &img->inodes.v[i];

		if (!m->stored || !S_ISREG(m->mode))
			continue;
		ret = extract_make(f, "file", m->id, m->path, m->path, &s);
		if (!ret) {
			ret = put_file(img, &s, m);
			close(s.fd);
		}
	}
	return ret;
}

static int all_queues(struct folder *f)
{
	const struct cr_image *img = f->in->img;
	char what[CR_DESCRIBE_MAX];
	struct cr_model m;
	struct sink s;
	size_t i;
	int ret = cr_model_make(&m, img, &f->in->err);

	for (i = 0; i < img->descriptions.n && !ret; i++) {
		const cairn_Description *d = &img->descriptions.v[i];
		const cairn_Blob *b = queue_of(&m, d);

		/* Of a pipe both ends lead to one content. */
		if (!b || !b->size ||
		    (d->kind == cairn_ObjectKind_OBJECT_PIPE && (d->flags & O_ACCMODE) != O_RDONLY))
			continue;
		cr_describe(&m, d, what);
		ret = extract_make(f, "queue", d->id, cr_kind_name(d), what, &s);
		if (!ret) {
			ret = extract_put_queue(img, &s, b);
			close(s.fd);
		}
	}
	cr_model_free(&m);
	return ret;
}

static int all_memory(struct folder *f, const struct cr_process_image *p)
{
	char name[40];
	struct sink s;
	size_t i;
	int ret = 0;

	for (i = 0; i < p->vmas.n && !ret; i++) {
		const cairn_Vma *v = &p->vmas.v[i];
		struct cr_pages pages = cr_pages_between(p->runs.v, p->runs.n, v->start, v->end);

		char what[200] = "";

		if (!pages.stored)
			continue;
		snprintf(name, sizeof(name), "%llx-%llx", (unsigned long long)v->start,
			 (unsigned long long)v->end);
		cr_append(what, sizeof(what), "memory of process %d, %s stored", p->process.pid,
			  cr_bytes(pages.stored).s);
		ret = extract_make(f, "memory", p->process.pid, name, what, &s);
		if (!ret) {
			ret = extract_put_memory(f->in->img, &s, p, v->start, v->end, true);
			close(s.fd);
		}
	}
	return ret;
}

static int extract_all(struct cr_inspect *in)
{
	struct folder f = { .in = in };
	cr_auto_fd dir = -1;
	size_t i;
	int ret;

	if (!in->output)
		return cr_fail(&in->err, CR_EXIT_USAGE, 0, "--all needs -o FOLDER");
	if (mkdir(in->output, 0700) && errno != EEXIST)
		return cr_fail(&in->err, CR_EXIT_IO, errno, "cannot make %s", in->output);
	f.dir = dir = open(in->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cr_fail(&in->err, CR_EXIT_IO, errno, "cannot open %s", in->output);
	ret = in->img->archive_files.n ? cr_archive_extract(in->img, dir, &in->err) : 0;
	if (!ret)
		ret = all_files(&f);
	if (!ret)
		ret = all_queues(&f);
	for (i = 0; i < in->img->processes.n && !ret; i++)
		ret = all_memory(&f, &in->img->processes.v[i]);
	return ret;
}

int cr_inspect_extract(struct cr_inspect *in)
{
	cr_auto_fd fd = -1;
	struct sink s;

	if (in->all != (in->n_of < 2))
		return cr_fail(&in->err, CR_EXIT_USAGE, 0, "give one thing to extract, or --all");
	if (in->all)
		return extract_all(in);
	if (in->output) {
		fd = open(in->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0)
			return cr_fail(&in->err, CR_EXIT_IO, errno, "cannot write %s", in->output);
	}
	extract_begin(&s, fd < 0 ? STDOUT_FILENO : fd, &in->err);
	return extract_one(in, &s, in->of[1]);
}
