// SPDX-License-Identifier: Apache-2.0
//
// The receiving side of one connection. All lies in .NNNNNN.part until it is whole: each piece is
// checked before it is written, and where it lies is all that is remembered, so that a part is gone
// on with after any break by reading it. Pieces that are in other images of the member are taken
// from there. At the end the image must read as one, and whatever did not come on this connection
// is read again; then it is synced and renamed. Whatever fails, nothing that was here is touched.
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "store/store_accept.h"
#include "store/conn.h"
#include "store/receive.h"
#include "store/store_verify.h"
#include "store/work.h"

#define SOURCES 3 /* images of the same member that pieces are looked for in */
#define NUMBER_MAX 999999999u
#define OFFSET_MAX (1ull << 56)
#define PIECES_MAX (16u << 20)
#define ROUNDS 16 /* how often damaged pieces are asked for */
#define SYNC_EVERY (64ul << 20)

struct receiver {
	struct cr_incoming *in;
	struct cr_store *s;
	struct cr_conn *c;
	struct cr_err *err;
	struct cr_image_key key;
	struct cr_place place;
	int part; /* its folder */
	int files[CR_PIECE_FILES];
	bool old; /* there was a part */
	bool wanted; /* something is left that may be gone on with */
	struct cr_piece_map got; /* by place */
	struct cr_piece_map held; /* by hash */
	int sources[SOURCES], nsources;
	cr_piece_list bad; /* came damaged */
	unsigned int rounds;
	uint64_t since_sync, sync_from;
	void *buf;
	cr_piece_list lacking; /* room for an answer */
};

/* ---- what we have ---- */

static void add_source(struct receiver *r, uint32_t number)
{
	struct cr_form_name name = cr_form_name(CR_FORM_COMPLETE, number);
	cr_auto_fd dir =
		openat(r->place.dir, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cr_auto_free struct cr_image *img = calloc(1, sizeof(*img));
	cr_span_list spans = { 0 };
	size_t i;

	if (dir < 0 || !img || r->nsources == SOURCES)
		return;
	/* A damaged one too has pieces that are not: each is hashed before it is used. */
	if (!cr_image_open_at(img, dir, name.text, NULL) && !cr_spans_of(img, &spans)) {
		for (i = 0; i < spans.n; i++) {
			const struct cr_span *x = &spans.v[i];
			struct cr_piece p = { .offset = x->offset, .xxh3 = x->xxh3 };

			p.stored = x->size;
			if (x->size <= CR_PIECE_MAX)
				cr_piece_put(&r->held, x->xxh3, &p, r->nsources);
		}
		r->sources[r->nsources++] = img->pack;
		img->pack = -1;
	}
	free(spans.v);
	cr_image_free(img);
}

/* The newest, and the one that is to be replaced. */
static void find_sources(struct receiver *r)
{
	cr_form_list list;
	size_t i;

	add_source(r, r->key.number);
	cr_place_list(&r->place, &list);
	for (i = list.n; i-- > 0;)
		if (list.v[i].form == CR_FORM_COMPLETE && list.v[i].number != r->key.number)
			add_source(r, list.v[i].number);
	free(list.v);
}

static int open_part(struct receiver *r)
{
	static const char *const names[] = { CR_PACK, CR_STATE };
	struct cr_form_name name = cr_form_name(CR_FORM_PART, r->key.number);
	int i;

	if (mkdirat(r->place.dir, name.text, 0700)) {
		if (errno != EEXIST)
			return -errno;
		r->old = true;
	}
	r->part = openat(r->place.dir, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->part < 0)
		return -errno;
	for (i = 0; i < CR_PIECE_FILES; i++) {
		r->files[i] = openat(r->part, names[i],
				     O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (r->files[i] < 0)
			return -errno;
	}
	return 0;
}

/* ---- pieces ---- */

static bool is_got(const struct receiver *r, const struct cr_piece *p)
{
	const struct cr_piece_slot *slot =
		cr_piece_find(&r->got, cr_piece_place(p->file, p->offset));

	return slot && slot->piece.stored == p->stored && slot->piece.xxh3 == p->xxh3;
}

static int receive_note(struct receiver *r, const struct cr_piece *p)
{
	if (r->got.n >= PIECES_MAX)
		return -EPROTO;
	return cr_piece_put(&r->got, cr_piece_place(p->file, p->offset), p, 0) ? 0 : -ENOMEM;
}

static int receive_store(struct receiver *r, const struct cr_piece *p, const void *data)
{
	int ret = cr_write_at(r->files[p->file], data, p->stored, p->offset);

	if (ret)
		return cr_fail(r->err, CR_EXIT_IO, -ret, "%s cannot store %s/%06u", r->s->node,
			       r->place.path, r->key.number);
	/* Let the disk begin, so that the sync at the end has less to wait for. */
	r->since_sync += p->stored;
	if (r->since_sync >= SYNC_EVERY) {
		sync_file_range(r->files[CR_PIECE_PACK], 0, 0, SYNC_FILE_RANGE_WRITE);
		r->since_sync = 0;
	}
	return receive_note(r, p);
}

/* Whether it is in another image, or in what came before the connection broke: then it is got. */
static int find_here(struct receiver *r, const struct cr_piece *p)
{
	const struct cr_piece_slot *slot;
	struct cr_piece from;

	if (r->old && !cr_piece_read(r->files[p->file], p, r->buf)) {
		r->s->counts.resumed += p->stored;
		return receive_note(r, p);
	}
	slot = cr_piece_find(&r->held, p->xxh3);
	if (!slot || slot->piece.stored != p->stored)
		return 0;
	from = slot->piece;
	if (cr_piece_read(r->sources[slot->source], &from, r->buf))
		return 0;
	r->s->counts.reused += p->stored;
	return receive_store(r, p, r->buf);
}

static bool is_sane(const struct cr_piece *p)
{
	return p->file < CR_PIECE_FILES && p->stored && p->stored <= CR_PIECE_MAX &&
	       p->offset <= OFFSET_MAX;
}

static int receive_lacks(struct receiver *r, const struct cr_piece *p)
{
	struct cr_piece *to = cr_list_add(&r->lacking);

	if (to)
		*to = *p;
	return to ? 0 : -ENOMEM;
}

static int receive_want(struct receiver *r, bool again)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_want_tag };
	size_t n = r->lacking.n;

	m.body.want.again = again;
	r->lacking.n = 0;
	return cr_conn_send(r->c, &m, n ? r->lacking.v : NULL, n * sizeof(*r->lacking.v));
}

static int take_offer(struct receiver *r, const void *payload, size_t len)
{
	size_t n = len / sizeof(struct cr_piece), i;
	struct cr_piece p;
	int ret = 0;

	if (len % sizeof(p) || n > CR_OFFER_PIECES)
		return -EPROTO;
	for (i = 0; i < n && !ret; i++) {
		memcpy(&p, (const struct cr_piece *)payload + i, sizeof(p));
		if (!is_sane(&p))
			return -EPROTO;
		if (is_got(r, &p))
			continue;
		ret = find_here(r, &p);
		if (!ret && !is_got(r, &p))
			ret = receive_lacks(r, &p);
	}
	return ret ? ret : receive_want(r, false);
}

static int take_chunk(struct receiver *r, const cairn_StoreChunk *chunk, const void *payload,
		      size_t len)
{
	struct cr_piece p = { .file = chunk->file, .offset = chunk->offset };
	struct cr_piece *bad;
	const void *data = payload;

	p.stored = chunk->stored;
	p.xxh3 = chunk->xxh3;
	if (chunk->file >= CR_PIECE_FILES || !is_sane(&p))
		return -EPROTO;
	r->s->counts.received += len;
	if (chunk->lz4) {
		data = r->buf;
		if (LZ4_decompress_safe(payload, r->buf, len, p.stored) != (int)p.stored)
			data = NULL;
	} else if (len != p.stored) {
		data = NULL;
	}
	if (data && XXH3_64bits(data, p.stored) == p.xxh3) {
		r->s->counts.stored += p.stored;
		return receive_store(r, &p, data);
	}
	r->s->counts.damaged++;
	bad = r->bad.n < CR_OFFER_PIECES ? cr_list_add(&r->bad) : &p;
	if (!bad)
		return -ENOMEM;
	*bad = p;
	return 0;
}

/* ---- the end ---- */

static int receive_write_manifest(struct receiver *r, const void *data, size_t len)
{
	cr_auto_fd fd =
		openat(r->part, CR_MANIFEST,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	int ret = fd < 0 ? -errno : cr_write_all(fd, data, len);

	return !ret && fsync(fd) ? -errno : ret;
}

/* Pieces of a large span do not have its hash: they are all read again and sent again. */
static int lacks_span(struct receiver *r, const struct cr_span *x)
{
	struct cr_piece p = { .offset = x->offset, .xxh3 = x->xxh3 };

	if (x->size > CR_PIECE_MAX)
		return cr_fail(r->err, CR_EXIT_DAMAGED, 0,
			       "%s/%06u came with a blob that is damaged", r->place.path,
			       r->key.number);
	p.stored = x->size;
	return receive_lacks(r, &p);
}

/* Whether all is as the image says; what is not is in lacking. */
static int check_image(struct receiver *r, struct cr_image *img)
{
	struct cr_check c = { .known = &r->got };
	struct cr_span bad;
	cr_span_list spans, rest;
	int ret = cr_spans_of(img, &spans);

	if (ret)
		return cr_image_damaged(img, r->err, 0, 0, "place of a blob");
	rest = spans;
	while (rest.n && r->lacking.n < CR_OFFER_PIECES) {
		ret = cr_spans_check(r->files[CR_PIECE_PACK], &rest, &c, &bad);
		if (ret != -EBADMSG)
			break;
		ret = lacks_span(r, &bad);
		if (ret)
			break;
		while (memcmp(rest.v, &bad, sizeof(bad)))
			rest.v++, rest.n--;
		rest.v++, rest.n--;
	}
	if (!ret && !r->lacking.n)
		ret = cr_gaps_check(r->files[CR_PIECE_PACK], img->manifest.files[1].size, &spans,
				    &c, true);
	free(spans.v);
	return ret;
}

static int receive_open_image(struct receiver *r, struct cr_image *img)
{
	char path[CR_PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%.4000s/%06u", r->place.path, r->key.number);
	ret = cr_image_open_at(img, r->part, path, r->err);
	if (!ret && (img->manifest.uid != r->place.uid || img->manifest.number != r->key.number)) {
		cr_fail(r->err, CR_EXIT_DAMAGED, 0,
			"%s came with the manifest of checkpoint %u of user %u", path,
			img->manifest.number, img->manifest.uid);
		ret = -EBADMSG;
	}
	return ret;
}

/* Into its place; an image that is there (a damaged one) goes. */
static int put_in_place(struct receiver *r)
{
	struct cr_form_name part = cr_form_name(CR_FORM_PART, r->key.number);
	struct cr_form_name name = cr_form_name(CR_FORM_COMPLETE, r->key.number);
	struct cr_form_name old = cr_form_name(CR_FORM_OLD, r->key.number);
	int i;

	for (i = 0; i < CR_PIECE_FILES; i++)
		if (fsync(r->files[i]))
			return -errno;
	if (fsync(r->part))
		return -errno;
	cr_image_remove(&r->place, CR_FORM_OLD, r->key.number);
	if (renameat(r->place.dir, name.text, r->place.dir, old.text) && errno != ENOENT)
		return -errno;
	if (renameat(r->place.dir, part.text, r->place.dir, name.text) || fsync(r->place.dir) ||
	    cr_place_sync(r->s, &r->place))
		return -errno;
	cr_image_remove(&r->place, CR_FORM_OLD, r->key.number);
	cr_image_mark(&r->place, r->key.number, false);
	return 0;
}

static int receive_complete(struct receiver *r, const cairn_StoreFinish *f, const void *manifest,
			    size_t len)
{
	cr_auto_free struct cr_image *img = calloc(1, sizeof(*img));
	int ret;

	if (!img)
		return -ENOMEM;
	if (f->pack_size > OFFSET_MAX || f->state_size > OFFSET_MAX)
		return -EPROTO;
	ret = ftruncate(r->files[CR_PIECE_PACK], f->pack_size) ||
			      ftruncate(r->files[CR_PIECE_STATE], f->state_size) ?
		      -errno :
		      0;
	if (!ret)
		ret = receive_write_manifest(r, manifest, len);
	if (ret)
		return cr_fail(r->err, CR_EXIT_IO, -ret, "%s cannot store %s/%06u", r->s->node,
			       r->place.path, r->key.number);
	ret = receive_open_image(r, img);
	if (!ret)
		ret = check_image(r, img);
	cr_image_free(img);
	if (ret || r->lacking.n)
		return ret;
	ret = put_in_place(r);
	return ret ? cr_fail(r->err, CR_EXIT_IO, -ret, "%s cannot store %s/%06u", r->s->node,
			     r->place.path, r->key.number) :
		     0;
}

/* 1: the image is here. */
static int take_finish(struct receiver *r, const cairn_StoreFinish *f, const void *payload,
		       size_t len)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->bad.n && !ret; i++)
		if (!is_got(r, &r->bad.v[i]))
			ret = receive_lacks(r, &r->bad.v[i]);
	r->bad.n = 0;
	if (!ret && !r->lacking.n)
		ret = receive_complete(r, f, payload, len);
	if (ret)
		return ret;
	if (!r->lacking.n)
		return 1;
	if (++r->rounds > ROUNDS)
		return cr_fail(r->err, CR_EXIT_DAMAGED, 0,
			       "%s/%06u came damaged again and again: is the memory of a node?",
			       r->place.path, r->key.number);
	return receive_want(r, true);
}

/* ---- the beginning ---- */

static int receive_refuse(struct receiver *r, cairn_StoreAnswer answer)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_ready_tag };

	m.body.ready.answer = answer;
	m.body.ready.status = r->err->status;
	snprintf(m.body.ready.error, sizeof(m.body.ready.error), "%s", r->err->text);
	cr_conn_send(r->c, &m, NULL, 0);
	return -ECANCELED;
}

static int receive_stop_if_closing(void *arg, size_t bytes)
{
	return ((struct cr_store *)arg)->closing ? -ECANCELED : 0;
}

/*
 * Whether the image is here already, as it is there. Who sends it may do so because ours was found
 * damaged by somebody else: so it is read.
 */
static bool have(struct receiver *r, const cairn_StoreBegin *b)
{
	struct cr_check c = { .pace = receive_stop_if_closing, .arg = r->s };
	cr_auto_fd dir = openat(r->place.dir, cr_form_name(CR_FORM_COMPLETE, r->key.number).text,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || !b->manifest || cr_image_marked(&r->place, r->key.number) ||
	    cr_image_manifest_hash(dir, NULL, NULL) != b->manifest)
		return false;
	return !cr_image_check(&r->place, CR_FORM_COMPLETE, r->key.number, &c, NULL);
}

static void tell_have(struct receiver *r)
{
	uint64_t bytes;
	cairn_HoldingState state = cr_image_look(&r->place, r->key.number, &bytes, NULL);

	cr_store_tell(r->s, &r->key, &r->place, state, bytes, NULL);
}

static int receive_begin(struct receiver *r, const cairn_StoreBegin *b)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_ready_tag };
	int ret;

	r->key = (struct cr_image_key){ b->job, b->member, b->number };
	if (b->version != CR_STORE_VERSION)
		cr_fail(r->err, CR_EXIT_CLUSTER, 0,
			"%s speaks version %u of the stores' protocol, %s version %u: install the "
			"same Cairn on both",
			r->s->node, CR_STORE_VERSION, b->node, b->version);
	else if (!b->job || !b->number || b->number > NUMBER_MAX || b->uid == UINT32_MAX)
		cr_fail(r->err, CR_EXIT_CLUSTER, EPROTO, "%s offers what is no image", b->node);
	if (r->err->status)
		return receive_refuse(r, cairn_StoreAnswer_STORE_REFUSED);
	/* One folder for both. */
	if (b->store_id == r->s->id)
		return receive_refuse(r, cairn_StoreAnswer_STORE_HAVE);
	if (cr_incoming_claim(r->in, &r->key, b->node))
		return receive_refuse(r, cairn_StoreAnswer_STORE_BUSY);
	ret = cr_place_make(r->s, b->job, b->name, b->member, b->uid, b->gid, &r->place, r->err);
	if (ret)
		return receive_refuse(r, cairn_StoreAnswer_STORE_REFUSED);
	if (have(r, b)) {
		tell_have(r);
		return receive_refuse(r, cairn_StoreAnswer_STORE_HAVE);
	}
	r->wanted = true;
	ret = open_part(r);
	if (ret) {
		cr_fail(r->err, CR_EXIT_IO, -ret, "%s cannot store %s/%06u", r->s->node,
			r->place.path, r->key.number);
		cr_store_tell(r->s, &r->key, &r->place, cairn_HoldingState_HOLDING_GONE, 0,
			      r->err->text);
		return receive_refuse(r, cairn_StoreAnswer_STORE_REFUSED);
	}
	find_sources(r);
	cr_store_tell(r->s, &r->key, &r->place, cairn_HoldingState_HOLDING_WRITING, 0, NULL);
	return cr_conn_send(r->c, &m, NULL, 0);
}

/* ---- the course ---- */

static int receive_take(struct receiver *r, const cairn_StoreMsg *m, const void *payload,
			size_t len)
{
	if ((m->which_body == cairn_StoreMsg_begin_tag) != (r->place.dir < 0))
		return -EPROTO;
	switch (m->which_body) {
	case cairn_StoreMsg_begin_tag:
		return receive_begin(r, &m->body.begin);
	case cairn_StoreMsg_offer_tag:
		return take_offer(r, payload, len);
	case cairn_StoreMsg_chunk_tag:
		return take_chunk(r, &m->body.chunk, payload, len);
	case cairn_StoreMsg_finish_tag:
		return take_finish(r, &m->body.finish, payload, len);
	case cairn_StoreMsg_give_up_tag:
		/* What came is right all the same: another node may go on with it. */
		r->wanted = !m->body.give_up.gone;
		return -ECANCELED;
	default:
		return -EPROTO;
	}
}

static void receive_finish(struct receiver *r, int ret)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_done_tag };
	bool failed = ret < 0 && r->err->status;

	/* A full disk needs its room back; what came wrong would be wrong again. */
	if (r->part >= 0 && (failed || (ret < 0 && !r->wanted)))
		cr_image_remove(&r->place, CR_FORM_PART, r->key.number);
	if (ret == 1)
		tell_have(r);
	else if (r->part >= 0 && (failed || !r->wanted))
		cr_store_tell(r->s, &r->key, &r->place, cairn_HoldingState_HOLDING_GONE, 0,
			      r->err->text);
	if (r->part < 0 || (ret != 1 && !failed))
		return;
	m.body.done.status = failed ? r->err->status : 0;
	snprintf(m.body.done.error, sizeof(m.body.done.error), "%s", r->err->text);
	cr_conn_send(r->c, &m, NULL, 0);
}

void cr_receive(struct cr_incoming *in, struct cr_conn *c)
{
	struct cr_err err = { 0 };
	struct receiver r = { .in = in, .s = in->store, .c = c, .err = &err };
	cairn_StoreMsg m;
	void *payload;
	size_t len;
	int ret, i;

	r.place.dir = r.part = -1;
	for (i = 0; i < CR_PIECE_FILES; i++)
		r.files[i] = -1;
	r.buf = aligned_alloc(CR_PAGE, CR_PIECE_MAX);
	ret = r.buf ? 0 : -ENOMEM;
	while (!ret) {
		ret = cr_conn_recv(c, &m, &payload, &len);
		if (!ret)
			ret = receive_take(&r, &m, payload, len);
	}
	receive_finish(&r, ret);
	for (i = 0; i < CR_PIECE_FILES; i++)
		cr_close_fd(&r.files[i]);
	while (r.nsources)
		close(r.sources[--r.nsources]);
	cr_close_fd(&r.part);
	if (r.place.dir >= 0)
		cr_place_close(&r.place);
	cr_piece_map_free(&r.got);
	cr_piece_map_free(&r.held);
	free(r.bad.v);
	free(r.lacking.v);
	free(r.buf);
}
