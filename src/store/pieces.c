// SPDX-License-Identifier: Apache-2.0
//
// What an image consists of: the spans of its pack that have a hash, and tables of pieces by key.
#include <errno.h>
#include <string.h>
#include <xxh_x86dispatch.h>

#include "common/image.h"
#include "image.pb.h"
#include "store/pieces.h"

static int pieces_by_offset(const void *a, const void *b)
{
	const struct cr_span *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static bool pieces_add(cr_span_list *list, uint64_t offset, uint64_t size, uint64_t xxh3,
		       uint16_t codec)
{
	struct cr_span *to;

	if (!size)
		return true;
	to = cr_list_add(list);
	if (to)
		*to = (struct cr_span){ offset, size, xxh3, codec };
	return to != NULL;
}

static bool pieces_add_runs(cr_span_list *list, const cairn_PageRun *runs, size_t n)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < n && ok; i++)
		if (runs[i].codec < cairn_Codec_CODEC_ZERO)
			ok = pieces_add(list, runs[i].offset, runs[i].stored, runs[i].xxh3,
					runs[i].codec);
	return ok;
}

int cr_spans_of(const struct cr_image *img, cr_span_list *spans)
{
	size_t i, n = 0;
	bool ok = true;

	memset(spans, 0, sizeof(*spans));
	for (i = 0; i < img->processes.n && ok; i++)
		ok = pieces_add_runs(spans, img->processes.v[i].runs.v, img->processes.v[i].runs.n);
	for (i = 0; i < img->shared.n && ok; i++)
		ok = pieces_add_runs(spans, img->shared.v[i].runs.v, img->shared.v[i].runs.n);
	for (i = 0; i < img->blobs.n && ok; i++) {
		const cairn_Blob *b = &img->blobs.v[i];

		/* Of runs the reader has seen to it. */
		if (b->offset + b->size < b->offset ||
		    b->offset + b->size > img->manifest.files[1].size)
			return -EBADMSG;
		ok = pieces_add(spans, b->offset, b->size, b->xxh3, cairn_Codec_CODEC_RAW);
	}
	if (!ok)
		return -ENOMEM;
	if (spans->n)
		qsort(spans->v, spans->n, sizeof(*spans->v), pieces_by_offset);
	/* Several may share one place. */
	for (i = 0; i < spans->n; i++)
		if (!n || memcmp(&spans->v[n - 1], &spans->v[i], sizeof(*spans->v)))
			spans->v[n++] = spans->v[i];
	spans->n = n;
	return 0;
}

/* ---- tables ---- */

uint64_t cr_piece_place(unsigned int file, uint64_t offset)
{
	return offset * CR_PIECE_FILES + file + 1;
}

static struct cr_piece_slot *pieces_slot_of(const struct cr_piece_map *m, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ull >> 20) & (m->room - 1);

	while (m->v[i].key && m->v[i].key != key)
		i = (i + 1) & (m->room - 1);
	return &m->v[i];
}

static bool pieces_grow(struct cr_piece_map *m)
{
	struct cr_piece_map more = { .room = m->room ? m->room * 2 : 256, .n = m->n };
	size_t i;

	more.v = calloc(more.room, sizeof(*more.v));
	if (!more.v)
		return false;
	for (i = 0; i < m->room; i++)
		if (m->v[i].key)
			*pieces_slot_of(&more, m->v[i].key) = m->v[i];
	free(m->v);
	*m = more;
	return true;
}

bool cr_piece_put(struct cr_piece_map *m, uint64_t key, const struct cr_piece *p, int source)
{
	struct cr_piece_slot *slot;

	/* 0 stands for an empty slot; a hash that is 0 is not worth a case of its own. */
	if (!key)
		return true;
	if (m->n * 4 >= m->room * 3 && !pieces_grow(m))
		return false;
	slot = pieces_slot_of(m, key);
	m->n += !slot->key;
	*slot = (struct cr_piece_slot){ key, *p, source };
	return true;
}

const struct cr_piece_slot *cr_piece_find(const struct cr_piece_map *m, uint64_t key)
{
	const struct cr_piece_slot *slot = m->room && key ? pieces_slot_of(m, key) : NULL;

	return slot && slot->key ? slot : NULL;
}

void cr_piece_map_free(struct cr_piece_map *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}

int cr_piece_read(int fd, const struct cr_piece *p, void *buf)
{
	int ret = cr_read_at(fd, buf, p->stored, p->offset);

	if (ret)
		return ret == -EIO ? -EBADMSG : ret;
	return XXH3_64bits(buf, p->stored) == p->xxh3 ? 0 : -EBADMSG;
}
