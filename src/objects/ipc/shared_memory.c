// SPDX-License-Identifier: Apache-2.0
//
// Memory that processes share and that no file system holds: MAP_SHARED|MAP_ANONYMOUS, memfd, and
// deleted files that are only mapped. (POSIX shared memory is a file on tmpfs: regular.c.) Saved
// once per object, from a descriptor where there is one, else by the writer of a process that maps
// it.
#include "objects/ipc/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/reopen.h"
#include "objects/ipc/sysv_shm.h"
#include "objects/shape/shape.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif

/* What memfd_secret makes. */
#define SECRET "/secretmem"

static bool is_memfd(const struct cr_fd_view *v)
{
	return !strncmp(v->link, "/memfd:", 7);
}

static bool shared_memory_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISREG(v->st.st_mode) &&
	       (is_memfd(v) || !strncmp(v->link, "/dev/zero", 9) || !strcmp(v->link, SECRET));
}

/* Neither secret memory nor that of huge pages takes write(2), the former no read(2) either. */
static bool by_mapping(const cairn_SharedMemory *m)
{
	return m->secret || m->huge_shift;
}

static int shared_memory_copy(const cairn_SharedMemory *m, int fd, void *buf, size_t len, off_t at,
			      bool in)
{
	size_t page = m->huge_shift ? 1ul << m->huge_shift : CR_PAGE, before = at & (page - 1);
	size_t all = (before + len + page - 1) & -page;
	char *p;

	if (!by_mapping(m))
		return in ? cr_write_at(fd, buf, len, at) : cr_read_at(fd, buf, len, at);
	p = mmap(NULL, all, in ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, at - before);
	if (p == MAP_FAILED)
		return -errno;
	memcpy(in ? p + before : buf, in ? buf : p + before, len);
	munmap(p, all);
	return 0;
}

cairn_SharedMemory *cr_shared_note(struct cr_save *s, int fd, const struct stat *st,
				   const char *name)
{
	struct cr_saved_shared *e;
	struct statfs fs;
	size_t i;

	for (i = 0; i < s->shared.n; i++) {
		e = &s->shared.v[i];
		if (e->m.dev != st->st_dev || e->m.inode != st->st_ino)
			continue;
		if (e->fd < 0 && fd >= 0)
			e->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		return &e->m;
	}
	e = cr_list_add(&s->shared);
	if (!e)
		return NULL;
	e->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	e->m.id = ++s->next_id;
	e->m.dev = st->st_dev;
	e->m.inode = st->st_ino;
	e->m.size = st->st_size;
	e->m.mode = st->st_mode;
	e->m.memfd = !strncmp(name, "/memfd:", 7);
	e->m.secret = !strcmp(name, SECRET);
	e->m.aio = !strcmp(name, "/[aio]");
	snprintf(e->m.name, sizeof(e->m.name), "%s", name);
	if (e->fd >= 0 && e->m.memfd && !fstatfs(e->fd, &fs) && fs.f_type == HUGETLBFS_MAGIC)
		e->m.huge_shift = __builtin_ctzl(fs.f_bsize);
	if (e->fd >= 0 && e->m.memfd) {
		int seals = fcntl(e->fd, F_GET_SEALS);

		e->m.seals = seals < 0 ? 0 : seals;
	}
	return &e->m;
}

static int shared_memory_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			      struct cr_err *err)
{
	cairn_SharedMemory *m = cr_shared_note(s, v->fd, &v->st, v->link);

	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
	d->object = m->id;
	if (!m->secret)
		d->offset = lseek(v->fd, 0, SEEK_CUR);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

struct sink {
	struct cr_save *s;
	cairn_PageRuns runs;
	char *buf;
};

static int shared_memory_flush(struct sink *k, struct cr_err *err)
{
	int ret = 0;

	if (k->runs.runs_count)
		ret = cr_image_record(k->s->writer, cairn_RecordType_RECORD_RUNS, &k->runs, err);
	k->runs.runs_count = 0;
	return ret;
}

static int store_piece(struct sink *k, const cairn_SharedMemory *m, int fd, off_t from, size_t len,
		       struct cr_err *err)
{
	cairn_PageRun *run = &k->runs.runs[k->runs.runs_count];
	size_t padded = CR_PAGE_UP(len);
	cairn_Blob blob;
	int ret;

	memset(k->buf, 0, padded);
	ret = shared_memory_copy(m, fd, k->buf, len, from, false);
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot read shared memory");
	ret = cr_image_blob(k->s->writer, k->buf, padded, &blob, err);
	if (ret)
		return ret;
	*run = (cairn_PageRun){ .addr = from,
				.pages = padded / CR_PAGE,
				.offset = blob.offset,
				.stored = padded,
				.xxh3 = blob.xxh3 };
	return ++k->runs.runs_count == CR_ARRAY_SIZE(k->runs.runs) ? shared_memory_flush(k, err) :
								     0;
}

static int shared_memory_store(struct cr_save *s, struct cr_saved_shared *e, struct cr_err *err)
{
	struct sink *k = calloc(1, sizeof(*k));
	cr_auto_fd fd = -1;
	off_t from = 0, to, size = e->m.size;
	int ret = 0;

	fd = open(cr_fd_path(e->fd).text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = fcntl(e->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || !k || !(k->buf = malloc(CR_RUN_BYTES))) {
		free(k);
		return cr_fail(err, CR_EXIT_IO, errno, "cannot read the shared memory %s",
			       e->m.name);
	}
	k->s = s;
	k->runs.shared = e->m.id;
	while (!ret && from < size) {
		to = size;
		if (!by_mapping(&e->m)) {
			from = lseek(fd, from, SEEK_DATA);
			if (from < 0 || from >= size)
				break;
			from &= -CR_PAGE;
			to = lseek(fd, from, SEEK_HOLE);
			if (to < 0 || to > size)
				to = size;
		}
		for (; from < to && !ret; from += CR_RUN_BYTES)
			ret = store_piece(k, &e->m, fd, from,
					  (size_t)(to - from) < CR_RUN_BYTES ? (size_t)(to - from) :
									       CR_RUN_BYTES,
					  err);
		from = to;
	}
	if (!ret)
		ret = shared_memory_flush(k, err);
	free(k->buf);
	free(k);
	return ret;
}

static int store_all(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < s->shared.n && !ret; i++)
		ret = s->shared.v[i].m.has_sysv ?
			      cr_segment_store(s, &s->shared.v[i].m, err) :
			      cr_image_record(s->writer, cairn_RecordType_RECORD_SHARED,
					      &s->shared.v[i].m, err);
	for (i = 0; i < s->shared.n && !ret; i++)
		if (s->shared.v[i].fd >= 0)
			ret = shared_memory_store(s, &s->shared.v[i], err);
	return ret;
}

/* ---- restart ---- */

int cr_shared_index(const struct cr_image *img, uint32_t id)
{
	size_t i;

	for (i = 0; i < img->shared.n; i++)
		if (img->shared.v[i].memory.id == id)
			return i;
	return -ENOENT;
}

static int shared_memory_make(const cairn_SharedMemory *m, struct cr_err *err)
{
	const char *name = m->memfd ? m->name + strlen("/memfd:") : m->name;
	unsigned int flags = MFD_CLOEXEC | (m->seals != F_SEAL_SEAL ? MFD_ALLOW_SEALING : 0);
	int fd;

	if (m->huge_shift)
		flags |= MFD_HUGETLB | m->huge_shift << MAP_HUGE_SHIFT;
	if (m->secret)
		fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	else if (!(m->mode & 0111) || (fd = memfd_create(name, flags | MFD_EXEC)) < 0)
		/* Before Linux 6.3 all are executable if their mode says so. */
		fd = memfd_create(name, flags);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make the shared memory %s again", m->name);
	if (ftruncate(fd, m->size)) {
		close(fd);
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot size the shared memory %s",
			       m->name);
	}
	fchmod(fd, m->mode & 07777);
	return fd;
}

static int shared_memory_fill(struct cr_restore *r, const struct cr_shared_image *s, int fd,
			      struct cr_err *err)
{
	size_t i;
	int ret;

	for (i = 0; i < s->runs.n; i++) {
		const cairn_PageRun *run = &s->runs.v[i];
		cairn_Blob blob = { .offset = run->offset, .size = run->stored, .xxh3 = run->xxh3 };
		cr_auto_free void *data = NULL, *raw = NULL;
		size_t len = run->pages * CR_PAGE;

		if (run->codec >= cairn_Codec_CODEC_ZERO)
			continue;
		ret = cr_image_read_blob(r->img, &blob, &data, err);
		if (ret)
			return ret;
		if (run->codec == cairn_Codec_CODEC_LZ4) {
			ret = cr_unpack(data, run->stored, &raw, len);
			if (ret)
				return cr_image_damaged(r->img, err, run->offset, run->stored,
							"LZ4");
		}
		if (run->addr >= s->memory.size)
			continue;
		if (len > s->memory.size - run->addr)
			len = s->memory.size - run->addr;
		ret = shared_memory_copy(&s->memory, fd, raw ? raw : data, len, run->addr, true);
		if (ret)
			return cr_fail(err, CR_EXIT_IO, -ret, "cannot fill the shared memory %s%s",
				       s->memory.name,
				       s->memory.huge_shift ? " (are there huge pages?)" : "");
	}
	return 0;
}

static int shared_memory_begin(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->shared.n && !ret; i++) {
		const struct cr_shared_image *s = &r->img->shared.v[i];

		if (s->memory.has_sysv || s->memory.has_claim)
			continue;
		r->shared_fd[i] = shared_memory_make(&s->memory, err);
		ret = r->shared_fd[i] < 0 ? r->shared_fd[i] :
					    shared_memory_fill(r, s, r->shared_fd[i], err);
	}
	return ret;
}

static int shared_memory_apply(struct cr_restore *r, struct cr_err *err)
{
	size_t i;

	/* A file may have been mapped for writing before that was sealed. */
	for (i = 0; i < r->img->shared.n; i++) {
		const cairn_SharedMemory *m = &r->img->shared.v[i].memory;

		if (m->seals && m->seals != F_SEAL_SEAL &&
		    fcntl(r->shared_fd[i], F_ADD_SEALS, m->seals))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot seal %s", m->name);
	}
	return 0;
}

static bool is_first(const struct cr_image *img, const cairn_Description *d)
{
	const cairn_Description *o;

	for (o = img->descriptions.v; o < d; o++)
		if (o->kind == d->kind && o->object == d->object &&
		    (o->flags & O_ACCMODE) == O_RDWR)
			return false;
	return true;
}

static int shared_memory_restore(struct cr_restore *r, const cairn_Description *d,
				 struct cr_err *err)
{
	int i = cr_shared_index(r->img, d->object), fd;

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks memory %u", d->object);
	/* Which has one description ever. */
	if (r->img->shared.v[i].memory.secret)
		return fcntl(r->shared_fd[i], F_DUPFD_CLOEXEC, 0);
	/* What memfd_create gave keeps nobody from executing the file; one opened later does. */
	if (is_first(r->img, d) && (d->flags & O_ACCMODE) == O_RDWR) {
		fd = fcntl(r->shared_fd[i], F_DUPFD_CLOEXEC, 0);
		fcntl(fd, F_SETFL, d->flags);
	} else {
		fd = cr_reopen(r, r->shared_fd[i], NULL, d, err);
	}
	if (fd >= 0 && d->offset)
		lseek(fd, d->offset, SEEK_SET);
	return fd;
}

const struct cr_object cr_object_shared = {
	.shape = &cr_shape_shared,
	.match = shared_memory_match,
	.save = shared_memory_save,
	.store = store_all,
	.begin = shared_memory_begin,
	.restore = shared_memory_restore,
	.apply = shared_memory_apply,
};
