// SPDX-License-Identifier: Apache-2.0
//
// Writing a checkpoint. Invariant: nothing under its final name is ever incomplete; a crash at any
// instant leaves at most a directory whose name starts with a dot, removed by the next prune.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_format.h"
#include "common/image_ids.h"
#include "common/image_read.h"
#include "common/image_write.h"
#include "common/owner.h"

#define BUFFER_SIZE (1ul << 20)
#define RECORD_MAX (128ul << 10)
#define BLOBS_SIZE (64ul << 10)
#define BLOB_SMALL (16ul << 10)

static int image_write_flush(struct cr_image_writer *w, struct cr_err *err)
{
	int ret;

	XXH3_64bits_update(w->hash, w->buffer, w->used);
	ret = cr_write_all(w->state, w->buffer, w->used);
	w->state_size += w->used;
	w->used = 0;
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot write %s/" CR_STATE, w->path);
	return 0;
}

/* The number in a checkpoint's name, 0 if it is none; *tmp for an unfinished one. */
static unsigned int image_write_number_of(const char *name, bool *tmp)
{
	char *end;
	unsigned long n;

	*tmp = *name == '.';
	name += *tmp;
	if (!isdigit((unsigned char)*name))
		return 0;
	n = strtoul(name, &end, 10);
	if (strcmp(end, *tmp ? ".tmp" : ""))
		return 0;
	return n;
}

unsigned int cr_checkpoint_number(const char *name)
{
	bool tmp;
	unsigned int n = image_write_number_of(name, &tmp);

	return tmp ? 0 : n;
}

static unsigned int last_number(int parent)
{
	unsigned int last = 0;
	cr_auto_dir *d = cr_open_dir(parent, ".");
	struct dirent *e;
	bool tmp;

	while ((e = cr_next_entry(d))) {
		unsigned int n = image_write_number_of(e->d_name, &tmp);

		if (n > last)
			last = n;
	}
	return last;
}

static int open_file(struct cr_image_writer *w, const char *name, int *fd, struct cr_err *err)
{
	*fd = openat(w->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot create %s/%s", w->path, name);
	return 0;
}

static int open_counter(struct cr_image_writer *w)
{
	w->counter_fd = memfd_create("cairn-pack", MFD_CLOEXEC);
	if (w->counter_fd < 0 || ftruncate(w->counter_fd, CR_PAGE))
		return -errno;
	w->counter = mmap(NULL, CR_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->counter_fd, 0);
	if (w->counter == MAP_FAILED) {
		w->counter = NULL;
		return -errno;
	}
	return 0;
}

int cr_image_create(struct cr_image_writer *w, const char *parent, unsigned int number,
		    struct cr_err *err)
{
	struct cr_file_header header = { CR_STATE_MAGIC, CR_FORMAT_VERSION, ~CR_FORMAT_VERSION };
	int ret;

	memset(w, 0, sizeof(*w));
	w->parent = w->dir = w->state = w->pack = w->counter_fd = -1;
	ret = cr_mkdir_p(parent, 0700);
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret,
			       "cannot create the checkpoint directory %s (choose another with -d)",
			       parent);
	w->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->parent < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot open %s", parent);
	w->number = number ? number : last_number(w->parent) + 1;
	snprintf(w->temporary, sizeof(w->temporary), ".%06u.tmp", w->number);
	if (snprintf(w->path, sizeof(w->path), "%s/%06u", parent, w->number) >=
	    (int)sizeof(w->path))
		return cr_fail(err, CR_EXIT_IO, ENAMETOOLONG, "%s", parent);
	if (mkdirat(w->parent, w->temporary, 0700))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot write into %s", parent);
	w->dir = openat(w->parent, w->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->dir < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot open %s/%s", parent, w->temporary);
	if ((ret = open_file(w, CR_STATE, &w->state, err)) ||
	    (ret = open_file(w, CR_PACK, &w->pack, err)))
		return ret;
	w->buffer = malloc(BUFFER_SIZE + RECORD_MAX);
	w->hash = XXH3_createState();
	w->blobs = malloc(BLOBS_SIZE);
	if (!w->buffer || !w->hash || !w->blobs || open_counter(w))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "cannot prepare a checkpoint");
	XXH3_64bits_reset(w->hash);
	memcpy(w->buffer, &header, sizeof(header));
	w->used = sizeof(header);
	return 0;
}

int cr_image_record(struct cr_image_writer *w, cairn_RecordType type, const void *msg,
		    struct cr_err *err)
{
	unsigned char *at = w->buffer + w->used;
	struct cr_record_header header = { .type = type };
	pb_ostream_t out = pb_ostream_from_buffer(at + sizeof(header), RECORD_MAX - sizeof(header));

	cr_auto_free void *copy = NULL;

	if (w->ids) {
		/* The caller goes on with the kernel's. */
		copy = malloc(cr_image_size(type));
		if (!copy)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "writing a record");
		cr_image_ids(w->ids, type, memcpy(copy, msg, cr_image_size(type)));
		msg = copy;
	}
	if (!pb_encode(&out, cr_image_descriptor(type), msg))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "record of type %d does not fit: %s", type,
			       PB_GET_ERROR(&out));
	header.length = out.bytes_written;
	header.hash = XXH3_64bits_withSeed(at + sizeof(header), header.length, type);
	memcpy(at, &header, sizeof(header));
	w->used += sizeof(header) + header.length;
	w->records++;
	return w->used >= BUFFER_SIZE ? image_write_flush(w, err) : 0;
}

uint64_t cr_image_reserve(struct cr_image_writer *w, uint64_t bytes)
{
	return atomic_fetch_add(w->counter, CR_PAGE_UP(bytes));
}

static int write_blob(struct cr_image_writer *w, const void *data, size_t len, uint64_t at,
		      struct cr_err *err)
{
	int ret = cr_write_at(w->pack, data, len, at);

	return ret ? cr_fail(err, CR_EXIT_IO, -ret, "cannot write %s/" CR_PACK, w->path) : 0;
}

static int flush_blobs(struct cr_image_writer *w, struct cr_err *err)
{
	size_t len = w->blobs_used;

	w->blobs_used = 0;
	return len ? write_blob(w, w->blobs, len, w->blobs_at, err) : 0;
}

int cr_image_blob(struct cr_image_writer *w, const void *data, size_t len, cairn_Blob *blob,
		  struct cr_err *err)
{
	int ret = 0;

	blob->size = len;
	blob->xxh3 = XXH3_64bits(data, len);
	if (len > BLOB_SMALL) {
		blob->offset = cr_image_reserve(w, len);
		return write_blob(w, data, len, blob->offset, err);
	}
	/* The job stands still meanwhile: many small ones become few writes, later. */
	if (!w->blobs_used || w->blobs_used + len > BLOBS_SIZE) {
		ret = flush_blobs(w, err);
		w->blobs_at = cr_image_reserve(w, BLOBS_SIZE);
	}
	memcpy(w->blobs + w->blobs_used, data, len);
	blob->offset = w->blobs_at + w->blobs_used;
	w->blobs_used += len;
	return ret;
}

static int image_write_manifest(struct cr_image_writer *w, cairn_Manifest *manifest,
				struct cr_err *err)
{
	struct cr_manifest_header header = {
		{ CR_MANIFEST_MAGIC, CR_FORMAT_VERSION, ~CR_FORMAT_VERSION }, 0, 0
	};
	unsigned char buf[sizeof(header) + cairn_Manifest_size];
	pb_ostream_t out = pb_ostream_from_buffer(buf + sizeof(header), cairn_Manifest_size);
	cr_auto_fd fd = -1;
	int ret;

	if (!pb_encode(&out, cairn_Manifest_fields, manifest))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "manifest: %s", PB_GET_ERROR(&out));
	header.length = out.bytes_written;
	header.hash = XXH3_64bits(buf + sizeof(header), header.length);
	memcpy(buf, &header, sizeof(header));
	ret = open_file(w, CR_MANIFEST, &fd, err);
	if (ret)
		return ret;
	ret = cr_write_all(fd, buf, sizeof(header) + header.length);
	if (!ret && fsync(fd))
		ret = -errno;
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot write %s/" CR_MANIFEST, w->path);
	return 0;
}

int cr_image_commit(struct cr_image_writer *w, cairn_Manifest *manifest, struct cr_err *err)
{
	cairn_End end = { .records = w->records + 1, .pack_size = atomic_load(w->counter) };
	char final[32];
	int ret;

	ret = cr_image_record(w, cairn_RecordType_RECORD_END, &end, err);
	if (!ret)
		ret = image_write_flush(w, err);
	if (!ret)
		ret = flush_blobs(w, err);
	if (ret)
		return ret;
	if (ftruncate(w->pack, end.pack_size) || fsync(w->pack))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot write %s/" CR_PACK, w->path);
	if (fsync(w->state))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot write %s/" CR_STATE, w->path);
	manifest->number = w->number;
	manifest->files_count = 2;
	strcpy(manifest->files[0].name, CR_STATE);
	manifest->files[0].size = w->state_size;
	manifest->files[0].xxh3 = XXH3_64bits_digest(w->hash);
	strcpy(manifest->files[1].name, CR_PACK);
	manifest->files[1].size = end.pack_size;
	ret = image_write_manifest(w, manifest, err);
	if (ret)
		return ret;
	snprintf(final, sizeof(final), "%06u", w->number);
	if (fsync(w->dir) || renameat(w->parent, w->temporary, w->parent, final) ||
	    fsync(w->parent))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot commit %s", w->path);
	return 0;
}

static void remove_checkpoint(int parent, const char *name)
{
	char manifest[NAME_MAX + 16];

	/* The manifest first: what is left is then no checkpoint any more. */
	snprintf(manifest, sizeof(manifest), "%s/" CR_MANIFEST, name);
	unlinkat(parent, manifest, 0);
	cr_remove_tree(parent, name);
}

void cr_image_close(struct cr_image_writer *w, bool committed)
{
	if (!committed && w->dir >= 0)
		remove_checkpoint(w->parent, w->temporary);
	if (w->counter)
		munmap(w->counter, CR_PAGE);
	w->counter = NULL;
	cr_close_fd(&w->counter_fd);
	cr_close_fd(&w->state);
	cr_close_fd(&w->pack);
	cr_close_fd(&w->dir);
	cr_close_fd(&w->parent);
	free(w->buffer);
	free(w->blobs);
	w->buffer = NULL;
	w->blobs = NULL;
	XXH3_freeState(w->hash);
	w->hash = NULL;
}

/* Committed, or never. Others may have folders whose names are numbers. */
static bool image_write_is_checkpoint(int parent, const char *name)
{
	char manifest[NAME_MAX + 16];
	bool tmp;

	if (!image_write_number_of(name, &tmp) || strlen(name) < 6)
		return false;
	snprintf(manifest, sizeof(manifest), "%s%s", name, tmp ? "" : "/" CR_MANIFEST);
	return !faccessat(parent, manifest, F_OK, 0);
}

int cr_image_forget(const char *path, struct cr_err *err)
{
	cr_auto_fd parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **list = NULL;
	int count, i, found = 0, left = 0, tries = 0;
	bool locked;

	if (parent < 0)
		return cr_fail(err, errno == ENOENT ? CR_EXIT_NOT_FOUND : CR_EXIT_IO, errno, "%s",
			       path);
	/* Its shepherd has it locked as well, and the guard of one that was killed for a moment. */
	while ((locked = flock(parent, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) &&
	       cr_owner_is_ending(path) && tries++ < 1000)
		usleep(10000);
	if (locked)
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "the job of %s is running: end it first (crctl kill)", path);
	count = scandirat(parent, ".", &list, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (image_write_is_checkpoint(parent, list[i]->d_name)) {
			remove_checkpoint(parent, list[i]->d_name);
			left += image_write_is_checkpoint(parent, list[i]->d_name);
			found++;
		}
		free(list[i]);
	}
	free(list);
	if (!found)
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
			       "no checkpoint in %s (give a job's folder, DIR/NAME)", path);
	if (left)
		return cr_fail(err, CR_EXIT_PERMISSION, 0,
			       "some checkpoints in %s cannot be removed", path);
	cr_owner_sweep(parent);
	/* Something else in it is not ours. */
	rmdir(path);
	return 0;
}

static int image_write_by_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

void cr_image_prune(const char *path, unsigned int keep, unsigned int pinned)
{
	cr_auto_fd parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned int *numbers = NULL, i, n = 0, newest = 0, old = 0;
	struct dirent **list = NULL;
	bool tmp;
	int count;

	if (parent < 0)
		return;
	count = scandirat(parent, ".", &list, NULL, alphasort);
	if (count < 0)
		return;
	numbers = calloc(count + 1, sizeof(*numbers));
	for (i = 0; numbers && i < (unsigned int)count; i++) {
		unsigned int number = image_write_number_of(list[i]->d_name, &tmp);

		if (number && !tmp)
			numbers[n++] = number;
		newest = number && !tmp && number > newest ? number : newest;
	}
	/* What is newer than the newest may be being written at this moment. */
	for (i = 0; i < (unsigned int)count; i++) {
		unsigned int number = image_write_number_of(list[i]->d_name, &tmp);

		if (number && tmp && number <= newest)
			remove_checkpoint(parent, list[i]->d_name);
	}
	if (n)
		qsort(numbers, n, sizeof(*numbers), image_write_by_number);
	for (; old < n && numbers[old] <= pinned; old++)
		;
	for (i = 0; i + keep < n; i++) {
		char name[32];

		if (i < old && i + keep >= old)
			continue;
		snprintf(name, sizeof(name), "%06u", numbers[i]);
		remove_checkpoint(parent, name);
	}
	for (i = 0; i < (unsigned int)count; i++)
		free(list[i]);
	free(list);
	free(numbers);
}
