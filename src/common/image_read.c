// SPDX-License-Identifier: Apache-2.0
//
// Reading a checkpoint. The files may be damaged or hostile: every length is checked before use,
// and the error names the file and the place.
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <malloc.h>
#include <pb_common.h>
#include <pb_decode.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_format.h"
#include "common/image_read.h"
#include "common/image_write.h"

/* More than any has. */
#define MANIFEST_MAX (64 << 10)

/* Where a record of a type goes. */
struct kind {
	const pb_msgdesc_t *fields;
	size_t size;
	size_t list; /* offset of its CR_LIST in struct cr_image or cr_process_image; 0: special */
	bool of_process; /* the message begins with the process's pid */
};

#define ROW(record, message, list, of_process) \
	[cairn_RecordType_RECORD_##record] = { cairn_##message##_fields, sizeof(cairn_##message), \
					       list, of_process },
#define SPECIAL(record, message) ROW(record, message, 0, false)
#define OF_JOB(record, message, list) ROW(record, message, offsetof(struct cr_image, list), false)
#define OF_PROCESS(record, message, list) \
	ROW(record, message, offsetof(struct cr_process_image, list), true)

static const struct kind kinds[] = {
#include "common/records.def"
};

/* Those that go to no list as they are. */
union record {
	cairn_Job job;
	cairn_Process process;
	cairn_ProcessCore core;
	cairn_Vma vma;
	cairn_PageRuns runs;
	cairn_SharedMemory shared;
	cairn_FdEntry fds;
	cairn_End end;
	int32_t pid;
};

const pb_msgdesc_t *cr_image_descriptor(cairn_RecordType type)
{
	return (unsigned int)type < CR_ARRAY_SIZE(kinds) ? kinds[type].fields : NULL;
}

size_t cr_image_size(cairn_RecordType type)
{
	return (unsigned int)type < CR_ARRAY_SIZE(kinds) ? kinds[type].size : 0;
}

bool cr_image_of_process(cairn_RecordType type)
{
	return (unsigned int)type < CR_ARRAY_SIZE(kinds) && kinds[type].of_process;
}

static size_t largest_record(void)
{
	size_t max = sizeof(union record), i;

	for (i = 0; i < CR_ARRAY_SIZE(kinds); i++)
		if (kinds[i].size > max)
			max = kinds[i].size;
	return max;
}

static int image_read_damaged(const struct cr_image *img, struct cr_err *err, const char *file,
			      uint64_t offset, const char *what)
{
	return cr_fail(err, CR_EXIT_DAMAGED, EBADMSG,
		       "%s/%s is damaged at byte %llu (%s); nothing was started, use an older "
		       "checkpoint",
		       img->path, file, (unsigned long long)offset, what);
}

int cr_image_damaged(const struct cr_image *img, struct cr_err *err, uint64_t offset, uint64_t size,
		     const char *what)
{
	return cr_fail(err, CR_EXIT_DAMAGED, EBADMSG,
		       "%s/" CR_PACK " is damaged in bytes %llu to %llu (%s); nothing was started, "
		       "use an older checkpoint",
		       img->path, (unsigned long long)offset, (unsigned long long)(offset + size),
		       what);
}

static int check_header(const struct cr_image *img, const char *file, const void *data, size_t len,
			const char magic[8], struct cr_err *err)
{
	const struct cr_file_header *h = data;

	if (len < sizeof(*h))
		return image_read_damaged(img, err, file, len, "truncated");
	if (memcmp(h->magic, magic, 8))
		return image_read_damaged(img, err, file, 0, "not a Cairn image");
	if (h->version != ~h->version_inverted)
		return image_read_damaged(img, err, file, 8, "version");
	if (h->version > CR_FORMAT_VERSION)
		return cr_fail(err, CR_EXIT_FORMAT, 0,
			       "%s has format %u, this Cairn reads up to %u: restart it with the "
			       "newer one",
			       img->path, h->version, CR_FORMAT_VERSION);
	return 0;
}

int cr_image_find(const char *given, char path[CR_PATH_MAX], struct cr_err *err)
{
	char where[CR_PATH_MAX];
	const char *base;
	unsigned int newest = 0;
	cr_auto_dir *d = NULL;
	struct dirent *e;
	struct stat st;

	/* As the shell completes it. */
	snprintf(where, sizeof(where), "%s", given);
	while (where[0] && where[1] && where[strlen(where) - 1] == '/')
		where[strlen(where) - 1] = 0;
	base = strrchr(where, '/');
	d = opendir(where);
	if (!d)
		return cr_fail(err, errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND, errno,
			       "cannot open the checkpoint %s", where);
	/* A named one is opened as it is: what it lacks is then said. */
	if (cr_checkpoint_number(base ? base + 1 : where) &&
	    (!fstatat(dirfd(d), CR_MANIFEST, &st, 0) || !fstatat(dirfd(d), CR_STATE, &st, 0))) {
		snprintf(path, CR_PATH_MAX, "%s", where);
		return 0;
	}
	while ((e = cr_next_entry(d))) {
		unsigned int n = cr_checkpoint_number(e->d_name);

		if (n > newest)
			newest = n;
	}
	if (!newest)
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
			       "no committed checkpoint in %s (expected DIR/NAME or "
			       "DIR/NAME/NUMBER)",
			       where);
	if (snprintf(path, CR_PATH_MAX, "%.4000s/%06u", where, newest) >= CR_PATH_MAX)
		return cr_fail(err, CR_EXIT_NOT_FOUND, ENAMETOOLONG, "%s", where);
	return 0;
}

static int open_checked(struct cr_image *img, int dir, const char *name, uint64_t size,
			struct cr_err *err)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? image_read_damaged(img, err, name, 0, "missing") :
					 cr_fail(err, CR_EXIT_IO, errno, "%s/%s", img->path, name);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return image_read_damaged(img, err, name, 0, "not a file");
	}
	if ((uint64_t)st.st_size != size) {
		close(fd);
		return image_read_damaged(img, err, name, st.st_size,
					  (uint64_t)st.st_size < size ? "truncated" :
									"longer than written");
	}
	return fd;
}

static int read_manifest(struct cr_image *img, int dir, struct cr_err *err)
{
	static const char magic[8] = CR_MANIFEST_MAGIC;
	cr_auto_free char *data = NULL;
	struct cr_manifest_header *h;
	pb_istream_t in;
	struct stat st;
	ssize_t n;
	int ret;

	/* Nothing that lets us wait for ever, or fills our memory. */
	if (!fstatat(dir, CR_MANIFEST, &st, AT_SYMLINK_NOFOLLOW) &&
	    (!S_ISREG(st.st_mode) || st.st_size > MANIFEST_MAX))
		return image_read_damaged(img, err, CR_MANIFEST, 0, "not a file, or too long");
	n = cr_slurp(dir, CR_MANIFEST, &data);
	if (n < 0)
		return n == -ENOENT ? image_read_damaged(img, err, CR_MANIFEST, 0, "missing") :
				      cr_fail(err, CR_EXIT_IO, -n, "%s/" CR_MANIFEST, img->path);
	ret = check_header(img, CR_MANIFEST, data, n, magic, err);
	if (ret)
		return ret;
	h = (void *)data;
	if ((size_t)n < sizeof(*h) || h->length != n - sizeof(*h))
		return image_read_damaged(img, err, CR_MANIFEST, n, "length");
	if (XXH3_64bits(data + sizeof(*h), h->length) != h->hash)
		return image_read_damaged(img, err, CR_MANIFEST, sizeof(*h), "checksum");
	in = pb_istream_from_buffer((void *)(h + 1), h->length);
	if (!pb_decode(&in, cairn_Manifest_fields, &img->manifest))
		return image_read_damaged(img, err, CR_MANIFEST, sizeof(*h), "content");
	if (img->manifest.files_count != 2 || strcmp(img->manifest.files[0].name, CR_STATE) ||
	    strcmp(img->manifest.files[1].name, CR_PACK))
		return image_read_damaged(img, err, CR_MANIFEST, sizeof(*h), "list of files");
	return 0;
}

struct cr_process_image *cr_image_process(struct cr_image *img, int32_t pid)
{
	size_t i;

	/* A process's records stand together. */
	if (img->latest < img->processes.n && img->processes.v[img->latest].process.pid == pid)
		return &img->processes.v[img->latest];
	for (i = 0; i < img->processes.n; i++) {
		if (img->processes.v[i].process.pid != pid)
			continue;
		img->latest = i;
		return &img->processes.v[i];
	}
	return NULL;
}

static int image_read_add_runs(struct cr_image *img, const cairn_PageRuns *runs)
{
	struct cr_process_image *p = NULL;
	struct cr_shared_image *s = NULL;
	size_t i;

	for (i = 0; runs->shared && i < img->shared.n; i++)
		if (img->shared.v[i].memory.id == runs->shared)
			s = &img->shared.v[i];
	if (!runs->shared)
		p = cr_image_process(img, runs->pid);
	if (!p && !s)
		return -EBADMSG;
	for (i = 0; i < runs->runs_count; i++) {
		const cairn_PageRun *r = &runs->runs[i];
		cairn_PageRun *to;

		if (r->pages > CR_RUN_BYTES / CR_PAGE && r->codec <= cairn_Codec_CODEC_LZ4)
			return -EBADMSG;
		if (r->pack || r->codec > cairn_Codec_CODEC_GUARD || r->addr % CR_PAGE ||
		    !r->pages || r->addr + r->pages * CR_PAGE < r->addr)
			return -EBADMSG;
		if (r->codec == cairn_Codec_CODEC_RAW && r->stored != r->pages * CR_PAGE)
			return -EBADMSG;
		if (r->offset + r->stored < r->offset ||
		    r->offset + r->stored > img->manifest.files[1].size)
			return -EBADMSG;
		to = p ? cr_list_add(&p->runs) : cr_list_add(&s->runs);
		if (!to)
			return -ENOMEM;
		*to = *r;
	}
	return 0;
}

/* The pieces of the pack that a message names, at whatever depth. */
static int note_blobs(struct cr_image *img, const pb_msgdesc_t *fields, const void *msg)
{
	pb_field_iter_t f;
	pb_size_t i, n;
	int ret = 0;

	if (fields == cairn_Blob_fields) {
		cairn_Blob *to = cr_list_add(&img->blobs);

		if (!to)
			return -ENOMEM;
		*to = *(const cairn_Blob *)msg;
		return 0;
	}
	if (!pb_field_iter_begin_const(&f, fields, msg))
		return 0;
	do {
		if (PB_LTYPE(f.type) != PB_LTYPE_SUBMESSAGE || !f.pData)
			continue;
		n = PB_HTYPE(f.type) == PB_HTYPE_REPEATED ? *(const pb_size_t *)f.pSize :
		    PB_HTYPE(f.type) == PB_HTYPE_OPTIONAL ? *(const bool *)f.pSize :
							    1;
		for (i = 0; i < n && !ret; i++)
			ret = note_blobs(img, f.submsg_desc,
					 (const char *)f.pData + i * f.data_size);
	} while (!ret && pb_field_iter_next(&f));
	return ret;
}

static int check_record(cairn_RecordType type, const union record *r)
{
	if (type == cairn_RecordType_RECORD_VMA)
		return r->vma.start < r->vma.end && !((r->vma.start | r->vma.end) % CR_PAGE) &&
		       r->vma.path;
	if (type == cairn_RecordType_RECORD_FDS)
		return r->fds.fds_count == r->fds.descriptions_count &&
		       r->fds.fds_count == r->fds.cloexec_count;
	return true;
}

/* Every list begins as this one does. */
typedef CR_LIST(char) any_list;

static int add_to_list(struct cr_image *img, const struct kind *k, const union record *r)
{
	struct cr_process_image *p = k->of_process ? cr_image_process(img, r->pid) : NULL;
	any_list *list;
	char *to;

	if (k->of_process && !p)
		return -EBADMSG;
	list = (any_list *)((k->of_process ? (char *)p : (char *)img) + k->list);
	to = cr_grow(&list->v, &list->n, &list->room, k->size);
	if (!to)
		return -ENOMEM;
	memcpy(to, r, k->size);
	return 0;
}

static int add_record(struct cr_image *img, cairn_RecordType type, const union record *r)
{
	struct cr_process_image *p;
	struct cr_shared_image *s;
	int ret;

	if (!check_record(type, r))
		return -EBADMSG;
	ret = type == cairn_RecordType_RECORD_RUNS ? 0 : note_blobs(img, kinds[type].fields, r);
	if (ret)
		return ret;
	if (kinds[type].list || kinds[type].of_process)
		return add_to_list(img, &kinds[type], r);
	switch (type) {
	case cairn_RecordType_RECORD_JOB:
		img->job = r->job;
		return 0;
	case cairn_RecordType_RECORD_PROCESS:
		if (cr_image_process(img, r->process.pid))
			return -EBADMSG;
		p = cr_list_add(&img->processes);
		if (!p)
			return -ENOMEM;
		p->process = r->process;
		return 0;
	case cairn_RecordType_RECORD_CORE:
		p = cr_image_process(img, r->core.pid);
		if (!p)
			return -EBADMSG;
		p->core = r->core;
		return 0;
	case cairn_RecordType_RECORD_SHARED:
		s = cr_list_add(&img->shared);
		if (!s)
			return -ENOMEM;
		s->memory = r->shared;
		return 0;
	case cairn_RecordType_RECORD_RUNS:
		return image_read_add_runs(img, &r->runs);
	case cairn_RecordType_RECORD_END:
		img->end = r->end;
		return 0;
	default:
		return -EBADMSG;
	}
}

static int image_read_records(struct cr_image *img, const unsigned char *data, size_t size,
			      struct cr_err *err)
{
	static const char magic[8] = CR_STATE_MAGIC;
	cr_auto_free union record *r = calloc(1, largest_record());
	size_t at = sizeof(struct cr_file_header);
	uint32_t records = 0;
	int ret = check_header(img, CR_STATE, data, size, magic, err);

	if (ret)
		return ret;
	if (!r)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", img->path);
	while (at < size) {
		struct cr_record_header h;
		pb_istream_t in;

		if (size - at < sizeof(h))
			return image_read_damaged(img, err, CR_STATE, at, "truncated");
		memcpy(&h, data + at, sizeof(h));
		if (h.length > size - at - sizeof(h))
			return image_read_damaged(img, err, CR_STATE, at, "length of a record");
		if (!cr_image_descriptor(h.type))
			return image_read_damaged(img, err, CR_STATE, at, "unknown record");
		if (XXH3_64bits_withSeed(data + at + sizeof(h), h.length, h.type) != h.hash)
			return image_read_damaged(img, err, CR_STATE, at, "checksum of a record");
		in = pb_istream_from_buffer(data + at + sizeof(h), h.length);
		if (!pb_decode(&in, cr_image_descriptor(h.type), r))
			return image_read_damaged(img, err, CR_STATE, at, "content of a record");
		if (add_record(img, h.type, r)) {
			pb_release(cr_image_descriptor(h.type), r);
			return image_read_damaged(img, err, CR_STATE, at, "content of a record");
		}
		at += sizeof(h) + h.length;
		records++;
	}
	if (img->end.records != records || img->end.pack_size != img->manifest.files[1].size)
		return image_read_damaged(img, err, CR_STATE, at, "end missing");
	return 0;
}

static int image_read_by_addr(const void *a, const void *b)
{
	const cairn_PageRun *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int image_read_by_start(const void *a, const void *b)
{
	const cairn_Vma *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int image_read_read_state(struct cr_image *img, int dir, struct cr_err *err)
{
	uint64_t size = img->manifest.files[0].size;
	cr_auto_fd fd = open_checked(img, dir, CR_STATE, size, err);
	void *data;
	size_t i;
	int ret;

	if (fd < 0)
		return fd;
	if (!size)
		return image_read_damaged(img, err, CR_STATE, 0, "empty");
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return cr_fail(err, CR_EXIT_IO, errno, "%s/" CR_STATE, img->path);
	ret = image_read_records(img, data, size, err);
	if (!ret && XXH3_64bits(data, size) != img->manifest.files[0].xxh3)
		ret = image_read_damaged(img, err, CR_STATE, 0, "checksum of the file");
	munmap(data, size);
	for (i = 0; i < img->processes.n; i++) {
		struct cr_process_image *p = &img->processes.v[i];

		if (p->runs.n)
			qsort(p->runs.v, p->runs.n, sizeof(*p->runs.v), image_read_by_addr);
		if (p->vmas.n)
			qsort(p->vmas.v, p->vmas.n, sizeof(*p->vmas.v), image_read_by_start);
	}
	return ret;
}

static int read_contents(struct cr_image *img, int dir, struct cr_err *err)
{
	int ret = image_read_read_state(img, dir, err);

	if (ret)
		return ret;
	img->pack = open_checked(img, dir, CR_PACK, img->manifest.files[1].size, err);
	return img->pack < 0 ? img->pack : 0;
}

static void image_read_begin(struct cr_image *img, const char *path)
{
	memset(img, 0, sizeof(*img));
	img->pack = -1;
	snprintf(img->path, sizeof(img->path), "%s", path);
}

int cr_image_open_at(struct cr_image *img, int dir, const char *path, struct cr_err *err)
{
	int ret;

	image_read_begin(img, path);
	ret = read_manifest(img, dir, err);
	return ret ? ret : read_contents(img, dir, err);
}

int cr_image_manifest(int dir, const char *path, cairn_Manifest *manifest, struct cr_err *err)
{
	struct cr_image *img = malloc(sizeof(*img));
	int ret, i;

	if (!img)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", path);
	image_read_begin(img, path);
	ret = read_manifest(img, dir, err);
	for (i = 0; i < 2 && !ret; i++) {
		const cairn_FileCheck *f = &img->manifest.files[i];
		int fd = open_checked(img, dir, f->name, f->size, err);

		if (fd < 0)
			ret = fd;
		else
			close(fd);
	}
	*manifest = img->manifest;
	free(img);
	return ret;
}

int cr_image_open(struct cr_image *img, const char *path, struct cr_err *err)
{
	cr_auto_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int ret;

	image_read_begin(img, path);
	if (dir < 0 || fstat(dir, &st))
		return cr_fail(err, errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND, errno,
			       "cannot open the checkpoint %s", path);
	if (st.st_uid != geteuid())
		return cr_fail(err, CR_EXIT_PERMISSION, EPERM,
			       "%s belongs to user %u: restart it as that user", path, st.st_uid);
	ret = read_manifest(img, dir, err);
	if (!ret && img->manifest.uid != geteuid())
		ret = cr_fail(err, CR_EXIT_PERMISSION, EPERM,
			      "%s is the job of user %u: restart it as that user", path,
			      img->manifest.uid);
	return ret ? ret : read_contents(img, dir, err);
}

/* Lists on their way into one piece of memory, or measured for it. */
struct mover {
	char *to; /* NULL: measure */
	size_t used;
};

static void image_read_move(struct mover *m, void *list, size_t bytes)
{
	void **v = list;

	if (m->to && *v) {
		memcpy(m->to + m->used, *v, bytes);
		free(*v);
		*v = m->to + m->used;
	}
	m->used += (bytes + 15) & ~15ul;
}

static void move_all(struct cr_image *img, struct mover *m)
{
	size_t i, k;

	image_read_move(m, &img->processes.v, img->processes.n * sizeof(*img->processes.v));
	for (i = 0; i < img->processes.n; i++) {
		struct cr_process_image *p = &img->processes.v[i];

		for (k = 0; k < CR_ARRAY_SIZE(kinds); k++) {
			any_list *list = (any_list *)((char *)p + kinds[k].list);

			if (kinds[k].of_process)
				image_read_move(m, &list->v, list->n * kinds[k].size);
		}
		for (k = 0; k < p->vmas.n; k++)
			image_read_move(m, &p->vmas.v[k].path, strlen(p->vmas.v[k].path) + 1);
		image_read_move(m, &p->runs.v, p->runs.n * sizeof(*p->runs.v));
	}
	for (k = 0; k < CR_ARRAY_SIZE(kinds); k++) {
		any_list *list = (any_list *)((char *)img + kinds[k].list);

		if (kinds[k].list && !kinds[k].of_process)
			image_read_move(m, &list->v, list->n * kinds[k].size);
	}
	image_read_move(m, &img->shared.v, img->shared.n * sizeof(*img->shared.v));
	for (i = 0; i < img->shared.n; i++)
		image_read_move(m, &img->shared.v[i].runs.v,
				img->shared.v[i].runs.n * sizeof(*img->shared.v[i].runs.v));
}

int cr_image_share(struct cr_image *img, struct cr_err *err)
{
	struct mover m = { 0 };
	void *memory;

	move_all(img, &m);
	memory = mmap(NULL, m.used + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "reading %s", img->path);
	img->shared_memory = memory;
	img->shared_len = m.used + 1;
	m = (struct mover){ memory, 0 };
	move_all(img, &m);
	mprotect(memory, img->shared_len, PROT_READ);
	free(img->blobs.v);
	memset(&img->blobs, 0, sizeof(img->blobs));
	/* What was freed would be copied by each fork as well. */
	malloc_trim(0);
	return 0;
}

static void free_lists(struct cr_image *img)
{
	size_t i, k;

	for (i = 0; i < img->processes.n; i++) {
		struct cr_process_image *p = &img->processes.v[i];

		for (k = 0; k < p->vmas.n; k++)
			free(p->vmas.v[k].path);
	}
	for (i = 0; i < CR_ARRAY_SIZE(kinds); i++) {
		if (kinds[i].list && !kinds[i].of_process)
			free(((any_list *)((char *)img + kinds[i].list))->v);
		for (k = 0; kinds[i].of_process && k < img->processes.n; k++)
			free(((any_list *)((char *)&img->processes.v[k] + kinds[i].list))->v);
	}
	for (i = 0; i < img->processes.n; i++)
		free(img->processes.v[i].runs.v);
	for (i = 0; i < img->shared.n; i++)
		free(img->shared.v[i].runs.v);
	free(img->processes.v);
	free(img->shared.v);
	free(img->blobs.v);
}

void cr_image_free(struct cr_image *img)
{
	if (img->shared_memory)
		munmap(img->shared_memory, img->shared_len);
	else
		free_lists(img);
	cr_close_fd(&img->pack);
	memset(img, 0, sizeof(*img));
	img->pack = -1;
}

int cr_image_read_blob(const struct cr_image *img, const cairn_Blob *blob, void **data,
		       struct cr_err *err)
{
	void *buf;
	int ret;

	*data = NULL;
	if (blob->offset + blob->size < blob->offset ||
	    blob->offset + blob->size > img->manifest.files[1].size)
		return cr_image_damaged(img, err, blob->offset, blob->size, "place of a blob");
	buf = malloc(blob->size + 1);
	if (!buf)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", img->path);
	ret = cr_read_at(img->pack, buf, blob->size, blob->offset);
	if (ret || XXH3_64bits(buf, blob->size) != blob->xxh3) {
		free(buf);
		return cr_image_damaged(img, err, blob->offset, blob->size, "checksum of a blob");
	}
	*data = buf;
	return 0;
}

int cr_unpack(const void *data, size_t len, void **raw, size_t raw_len)
{
	*raw = malloc(raw_len);
	if (!*raw)
		return -ENOMEM;
	return LZ4_decompress_safe(data, *raw, len, raw_len) == (int)raw_len ? 0 : -EBADMSG;
}
