// SPDX-License-Identifier: Apache-2.0
//
// Folders in the pack. Holes stay holes. When files are made again nothing is followed that is not
// a folder just made: names are checked, and symbolic links come last.
#include "common/archive.h"
#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "common/image_write.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (4ul << 20)

struct adding {
	struct cr_image_writer *writer;
	struct cr_err *err;
	char *buffer; /* of PIECE bytes */
	cairn_ArchiveFile file;
};

static int cannot(struct cr_err *err, const char *what, const char *name)
{
	return cr_fail(err, CR_EXIT_IO, errno, "cannot %s %s for the checkpoint", what, name);
}

/* ---- in ---- */

static int add_content(struct adding *a, int fd)
{
	cairn_ArchivePiece p = { .file = a->file.id, .has_blob = true };
	off_t at = 0, size = a->file.size, data, hole;
	int ret;

	while (at < size) {
		data = lseek(fd, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : cannot(a->err, "read", a->file.name);
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return cannot(a->err, "read", a->file.name);
		for (at = data; at < hole; at += p.blob.size) {
			size_t n = hole - at < (off_t)PIECE ? (size_t)(hole - at) : PIECE;

			p.position = at;
			ret = cr_read_at(fd, a->buffer, n, at);
			if (ret) {
				errno = -ret;
				return cannot(a->err, "read", a->file.name);
			}
			ret = cr_image_blob(a->writer, a->buffer, n, &p.blob, a->err);
			if (!ret)
				ret = cr_image_record(a->writer,
						      cairn_RecordType_RECORD_ARCHIVE_PIECE, &p,
						      a->err);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int add_file(struct adding *a, int dir, const char *name, const struct stat *st)
{
	cr_auto_fd fd = -1;
	int ret;

	a->file.id++;
	a->file.mode = st->st_mode;
	a->file.size = S_ISREG(st->st_mode) ? st->st_size : 0;
	a->file.target[0] = 0;
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(dir, name, a->file.target, sizeof(a->file.target) - 1);

		if (n < 0)
			return cannot(a->err, "read", a->file.name);
		a->file.target[n] = 0;
	}
	if (S_ISREG(st->st_mode)) {
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return cannot(a->err, "open", a->file.name);
	}
	ret = cr_image_record(a->writer, cairn_RecordType_RECORD_ARCHIVE_FILE, &a->file, a->err);
	return ret || fd < 0 ? ret : add_content(a, fd);
}

/* at: length of the folder's own name in a->file.name, to which names are added. */
static int add_folder(struct adding *a, int dir, size_t at)
{
	cr_auto_dir *d = cr_open_dir(dir, ".");
	struct dirent *e;
	struct stat st;
	int ret = 0;

	if (!d)
		return cannot(a->err, "open", a->file.name);
	while (!ret && (e = cr_next_entry(d))) {
		cr_auto_fd below = -1;

		if (snprintf(a->file.name + at, sizeof(a->file.name) - at, "%s%s", at ? "/" : "",
			     e->d_name) >= (int)(sizeof(a->file.name) - at)) {
			errno = ENAMETOOLONG;
			ret = cannot(a->err, "take", e->d_name);
		} else if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			ret = cannot(a->err, "read", a->file.name);
		} else if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) {
			ret = add_file(a, dirfd(d), e->d_name, &st);
		}
		if (ret || !S_ISDIR(st.st_mode))
			continue;
		below = openat(dirfd(d), e->d_name,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		ret = below < 0 ? cannot(a->err, "open", a->file.name) :
				  add_folder(a, below, strlen(a->file.name));
	}
	return ret;
}

int cr_archive_add(struct cr_image_writer *w, int dir, struct cr_err *err)
{
	struct adding *a = calloc(1, sizeof(*a));
	int ret;

	if (a)
		a->buffer = malloc(PIECE);
	if (!a || !a->buffer) {
		free(a);
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "adding files to a checkpoint");
	}
	a->writer = w;
	a->err = err;
	ret = add_folder(a, dir, 0);
	free(a->buffer);
	free(a);
	return ret;
}

/* ---- out ---- */

static int archive_bad(const struct cr_image *img, const char *name, const char *what,
		       struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_DAMAGED, EBADMSG,
		       "%s is damaged (file %.100s: %s); nothing was started, use an older "
		       "checkpoint",
		       img->path, name, what);
}

/* No way out of the folder, and nothing empty. */
static bool name_is_good(const char *name)
{
	const char *part = name, *end;

	for (;; part = end + 1) {
		size_t n;

		end = strchrnul(part, '/');
		n = end - part;
		if (!n || (n == 1 && *part == '.') || (n == 2 && !memcmp(part, "..", 2)))
			return false;
		if (!*end)
			return true;
	}
}

static int archive_make(const struct cr_image *img, const cairn_ArchiveFile *f, int dir,
			struct cr_err *err)
{
	mode_t mode = (f->mode & 0777) | 0600;
	cr_auto_fd fd = -1;
	int ret = 0;

	if (S_ISDIR(f->mode)) {
		ret = mkdirat(dir, f->name, mode | 0100);
	} else if (S_ISLNK(f->mode)) {
		ret = symlinkat(f->target, dir, f->name);
	} else if (S_ISREG(f->mode)) {
		fd = openat(dir, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    mode);
		ret = fd < 0 ? -1 : ftruncate(fd, f->size);
	} else {
		return archive_bad(img, f->name, "kind of file", err);
	}
	if (ret)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot make %s from %s", f->name,
			       img->path);
	return 0;
}

static int archive_fill(const struct cr_image *img, const cairn_ArchiveFile *f,
			const cairn_ArchivePiece *p, int dir, struct cr_err *err)
{
	cr_auto_fd fd = -1;
	cr_auto_free void *data = NULL;
	int ret;

	if (!S_ISREG(f->mode) || p->blob.size > PIECE || p->position > f->size ||
	    p->blob.size > f->size - p->position)
		return archive_bad(img, f->name, "place of a piece", err);
	ret = cr_image_read_blob(img, &p->blob, &data, err);
	if (ret)
		return ret;
	fd = openat(dir, f->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ret = fd < 0 ? -errno : cr_write_at(fd, data, p->blob.size, p->position);
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot write %s from %s", f->name,
			       img->path);
	return 0;
}

int cr_archive_extract(const struct cr_image *img, int dir, struct cr_err *err)
{
	size_t i, k = 0;
	int ret = 0, links;

	for (i = 0; i < img->archive_files.n && !ret; i++) {
		const cairn_ArchiveFile *f = &img->archive_files.v[i];

		if (f->id != i + 1 || !name_is_good(f->name))
			ret = archive_bad(img, f->name, "name", err);
	}
	/* A file's pieces follow it, as they were written. */
	for (links = 0; links < 2 && !ret; links++)
		for (i = 0; i < img->archive_files.n && !ret; i++)
			if ((bool)S_ISLNK(img->archive_files.v[i].mode) == (links == 1))
				ret = archive_make(img, &img->archive_files.v[i], dir, err);
	for (k = 0; k < img->archive_pieces.n && !ret; k++) {
		const cairn_ArchivePiece *p = &img->archive_pieces.v[k];

		if (!p->file || p->file > img->archive_files.n)
			return archive_bad(img, "?", "number of a file", err);
		ret = archive_fill(img, &img->archive_files.v[p->file - 1], p, dir, err);
	}
	return ret;
}
