// SPDX-License-Identifier: Apache-2.0
//
// The memory of a saved process, by address. A page is what the first of these says: a run of the
// process; what its mapping is of: a shared object's run, an extent of a stored file, a file of
// this machine; else zeros. What has been read last is kept, so reading here and there is cheap,
// and no more than that is in memory. Every number is the image's and may be anything: places are
// within the pack, sums do not overflow, and a piece ends behind the address that was asked for.
// Runs in: crimage. On failure the caller gets the place that is damaged.
#include "inspect/inspect_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <string.h>
#include <sys/stat.h>
#include <xxh_x86dispatch.h>

#include "common/elf_id.h"
#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "common/io.h"

/* More than the kernel takes of arguments. */
#define STRINGS_MAX (8ul << 20)
#define KEPT 16 /* runs and extents */
#define FILES 16
#define STORED_MAX (16ul << 20) /* no run or extent is larger */
#define READ_BYTES (256ul << 10)

/* Content of the pack under one checksum. */
struct source {
	uint64_t offset, xxh3;
	size_t stored, len;
	bool lz4;
};

struct kept {
	struct source of;
	char *data; /* len bytes; NULL: free */
	uint64_t used; /* when */
};

/* What a mapping of a file leads to. */
struct backing {
	const cairn_Vma *vma; /* one of its mappings */
	const cairn_Inode *stored; /* its content is in the image */
	size_t first, last; /* extents */
	int fd; /* else; -1: not the same any more */
};

struct cr_memory {
	const struct cr_image *img;
	const struct cr_process_image *p;
	struct kept kept[KEPT];
	uint64_t clock;
	struct backing files[FILES];
	size_t nfiles;
	cairn_PageRun **shared; /* runs of each object, sorted; NULL: not asked for yet */
	char *packed; /* a compressed run on its way */
	char *buf; /* of files */
};

/* Where to find a piece's bytes. */
struct place {
	struct source source;
	size_t skip; /* of the source, before the address */
	int fd;
	uint64_t offset;
};

int cr_memory_open(struct cr_memory **out, const struct cr_image *img,
		   const struct cr_process_image *p, struct cr_err *err)
{
	struct cr_memory *m = calloc(1, sizeof(*m));

	*out = m;
	if (m) {
		m->img = img;
		m->p = p;
		m->shared = calloc(img->shared.n + 1, sizeof(*m->shared));
		m->packed = malloc(LZ4_COMPRESSBOUND(CR_RUN_BYTES));
		m->buf = malloc(READ_BYTES);
	}
	if (m && m->shared && m->packed && m->buf)
		return 0;
	cr_memory_close(m);
	*out = NULL;
	return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "memory of process %d", p->process.pid);
}

void cr_memory_close(struct cr_memory *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < KEPT; i++)
		free(m->kept[i].data);
	for (i = 0; i < m->nfiles; i++)
		cr_close_fd(&m->files[i].fd);
	for (i = 0; m->shared && i < m->img->shared.n; i++)
		free(m->shared[i]);
	free(m->shared);
	free(m->packed);
	free(m->buf);
	free(m);
}

/* ---- finding ---- */

/* First mapping that ends behind addr, or their number. */
static size_t first_vma(const struct cr_memory *m, uint64_t addr)
{
	return CR_FIRST_NOT(i, 0, m->p->vmas.n, m->p->vmas.v[i].end <= addr);
}

const cairn_Vma *cr_memory_vma(const struct cr_memory *m, uint64_t addr)
{
	size_t i = first_vma(m, addr);

	return i < m->p->vmas.n && m->p->vmas.v[i].start <= addr ? &m->p->vmas.v[i] : NULL;
}

static uint64_t run_end(const cairn_PageRun *r)
{
	return r->addr + r->pages * CR_PAGE;
}

/* The run that addr is in; else NULL, and *next is where the next one begins. */
static const cairn_PageRun *find_run(const cairn_PageRun *runs, size_t n, uint64_t addr,
				     uint64_t *next)
{
	size_t at = CR_FIRST_NOT(i, 0, n, run_end(&runs[i]) <= addr);

	*next = at < n ? runs[at].addr : UINT64_MAX;
	return at < n && *next <= addr ? &runs[at] : NULL;
}

static int inspect_memory_by_addr(const void *a, const void *b)
{
	const cairn_PageRun *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Objects have their runs in the order in which they were written. */
static const cairn_PageRun *shared_runs(struct cr_memory *m, size_t i)
{
	const struct cr_shared_image *s = &m->img->shared.v[i];

	if (!m->shared[i] && s->runs.n) {
		m->shared[i] = malloc(s->runs.n * sizeof(*s->runs.v));
		if (!m->shared[i])
			return NULL;
		memcpy(m->shared[i], s->runs.v, s->runs.n * sizeof(*s->runs.v));
		qsort(m->shared[i], s->runs.n, sizeof(*s->runs.v), inspect_memory_by_addr);
	}
	return m->shared[i];
}

int cr_mapped_file(const cairn_Vma *v)
{
	/* It may be a device or a FIFO by now. */
	int fd = v->deleted ? -1 : open(v->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct cr_elf_info elf;
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == v->size) {
		if (st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec == v->mtime_ns)
			return fd;
		if (v->build_id.size && !cr_elf_read(fd, &elf) &&
		    elf.build_id_len == v->build_id.size &&
		    !memcmp(elf.build_id, v->build_id.bytes, elf.build_id_len))
			return fd;
	}
	close(fd);
	return -1;
}

static bool same_file(const cairn_Vma *a, const cairn_Vma *b)
{
	return a->dev == b->dev && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->deleted == b->deleted && !strcmp(a->path, b->path);
}

static const struct backing *find_backing(struct cr_memory *m, const cairn_Vma *v)
{
	const struct cr_image *img = m->img;
	struct backing *b;
	size_t i;

	for (i = m->nfiles; i-- > 0;)
		if (same_file(m->files[i].vma, v))
			return &m->files[i];
	/* The segments of one file follow each other: the oldest will not be asked for again. */
	if (m->nfiles == FILES) {
		cr_close_fd(&m->files[0].fd);
		memmove(m->files, m->files + 1, --m->nfiles * sizeof(*m->files));
	}
	b = &m->files[m->nfiles++];
	*b = (struct backing){ .vma = v, .fd = -1 };
	for (i = 0; i < img->inodes.n && v->inode; i++)
		if (img->inodes.v[i].stored && img->inodes.v[i].dev == v->dev &&
		    img->inodes.v[i].inode == v->inode)
			b->stored = &img->inodes.v[i];
	if (!b->stored) {
		b->fd = cr_mapped_file(v);
		return b;
	}
	while (b->first < img->extents.n && img->extents.v[b->first].inode != b->stored->id)
		b->first++;
	for (b->last = b->first; b->last < img->extents.n; b->last++)
		if (img->extents.v[b->last].inode != b->stored->id)
			break;
	return b;
}

/* ---- pieces ---- */

static void inspect_memory_limit(struct cr_memory_piece *piece, uint64_t from, uint64_t len)
{
	if (piece->end - from > len)
		piece->end = from + len;
}

static enum cr_memory_kind of_run(const cairn_PageRun *r, uint64_t at, struct place *where)
{
	if (r->codec == cairn_Codec_CODEC_ZERO)
		return CR_MEMORY_ZERO;
	if (r->codec == cairn_Codec_CODEC_GUARD)
		return CR_MEMORY_NONE;
	where->source = (struct source){ r->offset, r->xxh3, r->stored, r->pages * CR_PAGE,
					 r->codec == cairn_Codec_CODEC_LZ4 };
	where->skip = at - r->addr;
	return CR_MEMORY_STORED;
}

static enum cr_memory_kind of_shared(struct cr_memory *m, uint64_t addr, uint64_t at,
				     struct cr_memory_piece *piece, struct place *where)
{
	const cairn_PageRun *run;
	uint64_t next;
	size_t i;

	for (i = 0; i < m->img->shared.n; i++)
		if (m->img->shared.v[i].memory.id == piece->vma->object)
			break;
	if (i == m->img->shared.n)
		return CR_MEMORY_NONE;
	if (m->img->shared.v[i].runs.n && !shared_runs(m, i))
		return CR_MEMORY_NONE;
	run = find_run(m->shared[i], m->img->shared.v[i].runs.n, at, &next);
	if (run) {
		inspect_memory_limit(piece, addr, run_end(run) - at);
		return of_run(run, at, where);
	}
	inspect_memory_limit(piece, addr, next - at);
	if (at >= m->img->shared.v[i].memory.size)
		return CR_MEMORY_NONE;
	inspect_memory_limit(piece, addr, m->img->shared.v[i].memory.size - at);
	return CR_MEMORY_ZERO;
}

/* Extents are in order of their places, without overlap. */
static enum cr_memory_kind of_extents(struct cr_memory *m, const struct backing *b, uint64_t addr,
				      uint64_t at, struct cr_memory_piece *piece,
				      struct place *where)
{
	const cairn_Extent *v = m->img->extents.v;
	size_t found = CR_FIRST_NOT(i, b->first, b->last,
				    v[i].position <= at && at - v[i].position >= v[i].blob.size);

	if (found < b->last) {
		const cairn_Extent *x = &v[found];

		if (x->position > at) {
			inspect_memory_limit(piece, addr, x->position - at);
			return CR_MEMORY_ZERO;
		}
		inspect_memory_limit(piece, addr, x->blob.size - (at - x->position));
		where->source = (struct source){ x->blob.offset, x->blob.xxh3, x->blob.size,
						 x->blob.size, false };
		where->skip = at - x->position;
		return CR_MEMORY_STORED;
	}
	return CR_MEMORY_ZERO;
}

static enum cr_memory_kind of_file(struct cr_memory *m, uint64_t addr, uint64_t at,
				   struct cr_memory_piece *piece, struct place *where)
{
	const struct backing *b = find_backing(m, piece->vma);
	uint64_t size = b->stored ? b->stored->size : piece->vma->size;

	/* The rest of the last page is zeros; behind it is nothing. */
	if (at >= size) {
		if (at >= CR_PAGE_UP(size) || (!b->stored && b->fd < 0))
			return CR_MEMORY_NONE;
		inspect_memory_limit(piece, addr, CR_PAGE_UP(size) - at);
		return CR_MEMORY_ZERO;
	}
	inspect_memory_limit(piece, addr, size - at);
	if (b->stored)
		return of_extents(m, b, addr, at, piece, where);
	where->fd = b->fd;
	where->offset = at;
	return b->fd < 0 ? CR_MEMORY_NONE : CR_MEMORY_FILE;
}

static struct cr_memory_piece inspect_memory_locate(struct cr_memory *m, uint64_t addr,
						    struct place *where)
{
	struct cr_memory_piece piece = { CR_MEMORY_NONE, addr, UINT64_MAX, NULL };
	size_t i = first_vma(m, addr);
	const cairn_PageRun *run;
	const cairn_Vma *v;
	uint64_t next, at;

	if (i == m->p->vmas.n)
		return piece;
	v = &m->p->vmas.v[i];
	if (v->start > addr) {
		piece.end = v->start;
		return piece;
	}
	piece.vma = v;
	piece.end = v->end;
	run = find_run(m->p->runs.v, m->p->runs.n, addr, &next);
	if (run) {
		inspect_memory_limit(&piece, addr, run_end(run) - addr);
		piece.kind = of_run(run, addr, where);
		return piece;
	}
	inspect_memory_limit(&piece, addr, next - addr);
	at = v->offset + (addr - v->start);
	if (v->kind == cairn_VmaKind_VMA_ANON || (v->kind == cairn_VmaKind_VMA_FILE && v->packed))
		piece.kind = CR_MEMORY_ZERO;
	else if (at < v->offset || at + (v->end - addr) < at)
		piece.kind = CR_MEMORY_NONE;
	else if (v->kind == cairn_VmaKind_VMA_FILE)
		piece.kind = of_file(m, addr, at, &piece, where);
	else if (v->kind == cairn_VmaKind_VMA_SHARED)
		piece.kind = of_shared(m, addr, at, &piece, where);
	return piece;
}

struct cr_memory_piece cr_memory_piece(struct cr_memory *m, uint64_t addr)
{
	struct place where;

	return inspect_memory_locate(m, addr, &where);
}

/* ---- reading ---- */

static const char *fetch(struct cr_memory *m, const struct source *s, char *to)
{
	char *into = s->lz4 ? m->packed : to;

	if (s->lz4 && s->stored > LZ4_COMPRESSBOUND(CR_RUN_BYTES))
		return "length";
	if (s->offset + s->stored < s->offset ||
	    s->offset + s->stored > m->img->manifest.files[1].size)
		return "place";
	if (cr_read_at(m->img->pack, into, s->stored, s->offset))
		return "unreadable";
	if (XXH3_64bits(into, s->stored) != s->xxh3)
		return "checksum of memory";
	if (s->lz4 && LZ4_decompress_safe(into, to, s->stored, s->len) != (int)s->len)
		return "LZ4";
	return NULL;
}

/* Its bytes, from those kept or from the pack. */
static int inspect_memory_load(struct cr_memory *m, const struct source *s, const char **data,
			       struct cr_err *err)
{
	struct kept *k = &m->kept[0];
	const char *what = NULL;
	size_t i;

	for (i = 0; i < KEPT; i++) {
		struct kept *c = &m->kept[i];

		if (c->data && c->of.offset == s->offset && c->of.xxh3 == s->xxh3 &&
		    c->of.stored == s->stored && c->of.len == s->len && c->of.lz4 == s->lz4) {
			c->used = ++m->clock;
			*data = c->data;
			return 0;
		}
		if (!c->data || (k->data && c->used < k->used))
			k = c;
	}
	if (s->stored > STORED_MAX || s->len > STORED_MAX || !s->len)
		return cr_image_damaged(m->img, err, s->offset, s->stored, "length");
	/* Most are of one size. */
	if (!k->data || k->of.len != s->len) {
		free(k->data);
		k->data = malloc(s->len);
	}
	if (!k->data)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", m->img->path);
	k->of = *s;
	k->used = ++m->clock;
	what = fetch(m, s, k->data);
	if (what) {
		free(k->data);
		k->data = NULL;
		return cr_image_damaged(m->img, err, s->offset, s->stored, what);
	}
	*data = k->data;
	return 0;
}

static int view_file(struct cr_memory *m, const struct place *where, const cairn_Vma *v,
		     const void **data, size_t *len, struct cr_err *err)
{
	if (*len > READ_BYTES)
		*len = READ_BYTES;
	*data = m->buf;
	if (cr_read_at(where->fd, m->buf, *len, where->offset))
		return cr_fail(err, CR_EXIT_IO, EIO, "cannot read %s", v->path);
	return 0;
}

int cr_memory_view(struct cr_memory *m, uint64_t addr, const void **data, size_t *len,
		   struct cr_err *err)
{
	static const char zeros[64 << 10];
	struct place where = { .fd = -1 };
	struct cr_memory_piece piece = inspect_memory_locate(m, addr, &where);
	const char *loaded = NULL;
	int ret;

	if (*len > piece.end - addr)
		*len = piece.end - addr;
	switch (piece.kind) {
	case CR_MEMORY_STORED:
		ret = inspect_memory_load(m, &where.source, &loaded, err);
		*data = ret ? NULL : loaded + where.skip;
		return ret;
	case CR_MEMORY_FILE:
		return view_file(m, &where, piece.vma, data, len, err);
	case CR_MEMORY_ZERO:
		if (*len > sizeof(zeros))
			*len = sizeof(zeros);
		*data = zeros;
		return 0;
	default:
		cr_fail(err, CR_EXIT_DAMAGED, 0, "%s has no memory of process %d at %#llx%s%s",
			m->img->path, m->p->process.pid, (unsigned long long)addr,
			piece.vma && piece.vma->path[0] ? ": " : "",
			piece.vma ? piece.vma->path : "");
		return -EFAULT;
	}
}

int cr_memory_read(struct cr_memory *m, uint64_t addr, void *to, size_t len, struct cr_err *err)
{
	const void *data;
	size_t n;
	int ret;

	for (; len; len -= n, addr += n, to = (char *)to + n) {
		n = len;
		/* The last byte of all is nobody's. */
		if (addr == UINT64_MAX)
			return -EFAULT;
		ret = cr_memory_view(m, addr, &data, &n, err);
		if (ret)
			return ret;
		memcpy(to, data, n);
	}
	return 0;
}

int cr_memory_strings(const struct cr_image *img, const struct cr_process_image *p, uint64_t start,
		      uint64_t end, char **out, size_t *len, struct cr_err *err)
{
	struct cr_memory *memory;
	int ret;

	*out = NULL;
	*len = end > start && end - start <= STRINGS_MAX ? end - start : 0;
	ret = cr_memory_open(&memory, img, p, err);
	if (ret)
		return ret;
	*out = calloc(1, *len + 1);
	ret = *out ? cr_memory_read(memory, start, *out, *len, err) :
		     cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", img->path);
	cr_memory_close(memory);
	if (ret) {
		free(*out);
		*out = NULL;
		*len = 0;
	}
	return ret;
}
