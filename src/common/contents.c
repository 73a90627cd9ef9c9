// SPDX-License-Identifier: Apache-2.0
//
// The pack of an image from one end to the other. Places are the image's and may be anything.
#include "common/contents.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/image.h"
#include "image.pb.h"

#include <errno.h>
#include <stdlib.h>
#include <xxh_x86dispatch.h>

#define STEP (1ul << 20)

static int contents_by_offset(const void *a, const void *b)
{
	const struct cr_content *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool contents_add(cr_contents *list, struct cr_content c)
{
	struct cr_content *to = c.size ? cr_list_add(list) : NULL;

	if (to)
		*to = c;
	return to || !c.size;
}

static bool contents_add_runs(cr_contents *list, const cairn_PageRun *runs, size_t n,
			      enum cr_content_of of, uint32_t id)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < n && ok; i++)
		if (runs[i].codec < cairn_Codec_CODEC_ZERO)
			ok = contents_add(list, (struct cr_content){ runs[i].offset, runs[i].stored,
								     runs[i].xxh3, of, id,
								     runs[i].addr });
	return ok;
}

int cr_contents_of(const struct cr_image *img, cr_contents *list, struct cr_err *err)
{
	bool ok = true;
	size_t i;

	*list = (cr_contents){ 0 };
	for (i = 0; i < img->processes.n && ok; i++) {
		const struct cr_process_image *p = &img->processes.v[i];

		ok = contents_add_runs(list, p->runs.v, p->runs.n, CR_CONTENT_PROCESS,
				       p->process.pid);
	}
	for (i = 0; i < img->shared.n && ok; i++) {
		const struct cr_shared_image *s = &img->shared.v[i];

		ok = contents_add_runs(list, s->runs.v, s->runs.n, CR_CONTENT_SHARED, s->memory.id);
	}
	for (i = 0; i < img->blobs.n && ok; i++) {
		const cairn_Blob *b = &img->blobs.v[i];

		ok = contents_add(list, (struct cr_content){ b->offset, b->size, b->xxh3,
							     CR_CONTENT_BLOB, 0, 0 });
	}
	if (!ok) {
		free(list->v);
		*list = (cr_contents){ 0 };
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", img->path);
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), contents_by_offset);
	return 0;
}

/* NULL, or what is wrong. */
static const char *check_one(const struct cr_image *img, const struct cr_content *c, void *buf,
			     XXH3_state_t *hash, const struct cr_contents_report *report)
{
	uint64_t done, n;

	if (c->offset + c->size < c->offset || c->offset + c->size > img->manifest.files[1].size)
		return "place";
	XXH3_64bits_reset(hash);
	for (done = 0; done < c->size; done += n) {
		n = c->size - done < STEP ? c->size - done : STEP;
		if (cr_read_at(img->pack, buf, n, c->offset + done))
			return "unreadable";
		XXH3_64bits_update(hash, buf, n);
		if (report->read)
			report->read(report->arg, n);
	}
	return XXH3_64bits_digest(hash) == c->xxh3 ? NULL : "checksum";
}

int cr_contents_check(const struct cr_image *img, const cr_contents *list,
		      const struct cr_contents_report *report)
{
	cr_auto_free void *buf = malloc(STEP);
	XXH3_state_t *hash = XXH3_createState();
	int ret = buf && hash ? 0 : -ENOMEM;
	const char *what;
	size_t i;

	for (i = 0; i < list->n && !ret; i++) {
		const struct cr_content *c = &list->v[i];

		what = check_one(img, c, buf, hash, report);
		if (what)
			ret = report->damaged(report->arg, c, c->offset, c->size, what);
	}
	XXH3_freeState(hash);
	return ret;
}

static int contents_check_gap(const struct cr_image *img, uint64_t from, uint64_t to,
			      const struct cr_contents_report *report)
{
	char buf[CR_PAGE];
	uint64_t i, n;

	for (; from < to; from += n) {
		n = to - from < sizeof(buf) ? to - from : sizeof(buf);
		if (cr_read_at(img->pack, buf, n, from))
			return report->damaged(report->arg, NULL, from, n, "unreadable");
		for (i = 0; i < n; i++)
			if (buf[i])
				return report->damaged(report->arg, NULL, from + i, 1,
						       "unused byte set");
	}
	return 0;
}

int cr_contents_gaps(const struct cr_image *img, const cr_contents *list,
		     const struct cr_contents_report *report)
{
	uint64_t at = 0, size = img->manifest.files[1].size;
	int ret = 0;
	size_t i;

	for (i = 0; i < list->n && !ret && at < size; i++) {
		const struct cr_content *c = &list->v[i];

		if (c->offset > at)
			ret = contents_check_gap(img, at, c->offset < size ? c->offset : size,
						 report);
		if (c->offset + c->size > at)
			at = c->offset + c->size;
	}
	return ret || at >= size ? ret : contents_check_gap(img, at, size, report);
}
