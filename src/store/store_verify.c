// SPDX-License-Identifier: Apache-2.0
//
// Reading an image again, to see that every byte is what it was. Runs in any thread; changes
// nothing, but for cr_gaps_check() when it is asked to.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "store/internal.h"
#include "store/store_verify.h"

static int read_some(int fd, const struct cr_check *c, void *buf, size_t len, uint64_t at)
{
	int ret = c->pace ? c->pace(c->arg, len) : 0;

	if (ret)
		return ret;
	/* What is in memory tells nothing about the disk. */
	if (c->fresh)
		posix_fadvise(fd, at, len, POSIX_FADV_DONTNEED);
	ret = cr_read_at(fd, buf, len, at);
	return ret == -EIO ? -EBADMSG : ret;
}

static int check_span(int pack, const struct cr_span *x, const struct cr_check *c, void *buf,
		      XXH3_state_t *hash)
{
	uint64_t done, n;
	int ret = 0;

	XXH3_64bits_reset(hash);
	for (done = 0; done < x->size && !ret; done += n) {
		n = x->size - done < CR_PIECE_MAX ? x->size - done : CR_PIECE_MAX;
		ret = read_some(pack, c, buf, n, x->offset + done);
		if (!ret)
			XXH3_64bits_update(hash, buf, n);
	}
	return !ret && XXH3_64bits_digest(hash) != x->xxh3 ? -EBADMSG : ret;
}

static bool is_known(const struct cr_check *c, const struct cr_span *x)
{
	const struct cr_piece_slot *slot =
		c->known ? cr_piece_find(c->known, cr_piece_place(CR_PIECE_PACK, x->offset)) : NULL;

	return slot && slot->piece.stored == x->size && slot->piece.xxh3 == x->xxh3;
}

int cr_spans_check(int pack, const cr_span_list *spans, const struct cr_check *c,
		   struct cr_span *bad)
{
	cr_auto_free void *buf = aligned_alloc(CR_PAGE, CR_PIECE_MAX);
	XXH3_state_t *hash = XXH3_createState();
	int ret = buf && hash ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < spans->n && !ret; i++) {
		*bad = spans->v[i];
		if (!is_known(c, bad))
			ret = check_span(pack, bad, c, buf, hash);
	}
	XXH3_freeState(hash);
	return ret;
}

static int store_verify_check_gap(int pack, uint64_t from, uint64_t to, const struct cr_check *c,
				  bool zero)
{
	static const unsigned char zeros[CR_PAGE];
	unsigned char buf[CR_PAGE];
	uint64_t n;
	int ret = 0;

	/* A large one is a hole; where there are none it is written. */
	if (zero && to - from > 16 * CR_PAGE &&
	    !fallocate(pack, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from))
		return 0;
	for (; from < to && !ret; from += n) {
		n = to - from < sizeof(buf) ? to - from : sizeof(buf);
		if (zero) {
			ret = cr_write_at(pack, zeros, n, from);
			continue;
		}
		ret = read_some(pack, c, buf, n, from);
		if (!ret && memcmp(buf, zeros, n))
			ret = -EBADMSG;
	}
	return ret;
}

int cr_gaps_check(int pack, uint64_t size, const cr_span_list *spans, const struct cr_check *c,
		  bool zero)
{
	uint64_t at = 0;
	int ret = 0;
	size_t i;

	for (i = 0; i < spans->n && !ret; i++) {
		const struct cr_span *x = &spans->v[i];

		if (x->offset > at)
			ret = store_verify_check_gap(pack, at, x->offset, c, zero);
		if (x->offset + x->size > at)
			at = x->offset + x->size;
	}
	if (!ret && size > at)
		ret = store_verify_check_gap(pack, at, size, c, zero);
	return ret;
}

static int check_contents(struct cr_image *img, const struct cr_check *c, struct cr_err *err)
{
	struct cr_span bad = { 0 };
	cr_span_list spans;
	int ret = cr_spans_of(img, &spans);

	if (ret == -EBADMSG)
		cr_image_damaged(img, err, 0, 0, "place of a blob");
	if (!ret) {
		ret = cr_spans_check(img->pack, &spans, c, &bad);
		if (ret == -EBADMSG)
			cr_image_damaged(img, err, bad.offset, bad.size, "checksum");
	}
	if (!ret) {
		ret = cr_gaps_check(img->pack, img->manifest.files[1].size, &spans, c, false);
		if (ret == -EBADMSG)
			cr_image_damaged(img, err, 0, img->manifest.files[1].size,
					 "unused byte set");
	}
	free(spans.v);
	return ret ? cr_fail(err, CR_EXIT_IO, -ret, "reading %s", img->path) : 0;
}

static int check_at(int dir, const char *path, const struct cr_check *c, struct cr_err *err)
{
	struct cr_image *img = calloc(1, sizeof(*img));
	int ret;

	if (!img)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", path);
	ret = cr_image_open_at(img, dir, path, err);
	if (!ret)
		ret = check_contents(img, c, err);
	cr_image_free(img);
	free(img);
	return ret;
}

int cr_image_check(const struct cr_place *p, enum cr_image_form form, uint32_t number,
		   const struct cr_check *c, struct cr_err *err)
{
	struct cr_form_name name = cr_form_name(form, number);
	cr_auto_fd dir = openat(p->dir, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[CR_PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/%s", p->path, name.text);
	if (dir < 0)
		return cr_fail(err, CR_EXIT_NOT_FOUND, errno, "cannot open %s", path);
	return check_at(dir, path, c, err);
}

int cr_store_verify(const char *path, struct cr_err *err)
{
	cr_auto_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cr_check c = { 0 };

	if (dir < 0)
		return cr_fail(err, errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND, errno,
			       "cannot open the checkpoint %s", path);
	return check_at(dir, path, &c, err);
}
