// SPDX-License-Identifier: Apache-2.0
//
// The sending side of one connection. While the image is being written, the runs that its shepherd
// tells of are offered as they come; when it is complete, all that it consists of is, so that it
// does not matter what was told before, or sent on an earlier connection: the peer asks for what it
// lacks. What is sent is not hashed here; the peer does that, and asks again for what is wrong.
// Only then is it known whose fault it was: what is not right on our disk either is damage.
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <lz4.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "store/conn.h"
#include "store/pieces.h"
#include "store/place.h"
#include "store/send.h"
#include "store/ship.h"
#include "store/work.h"

/* Whether to compress is found out by doing: windows of this many bytes are timed. */
#define WINDOW (4 << 20)
#define PROBE_FIRST 32 /* windows until the other way is tried again; then twice as many… */
#define PROBE_MAX 1024

struct squeeze {
	bool on, probing;
	double speed[2]; /* bytes per ns, without and with */
	int64_t began_ns;
	uint64_t bytes, wire; /* in the window; sent before it */
	int queued; /* of them in the kernel still */
	unsigned int windows, next; /* since the last probe; until the next */
	unsigned int failed, skip; /* pieces that did not shrink; not to be tried */
};

struct sender {
	struct cr_shipment *sh;
	struct cr_store *s;
	struct cr_conn *c;
	const struct cr_place *p;
	struct cr_err *err;
	int pack, state; /* -1: not open */
	bool complete; /* the image is */
	bool offered; /* all of it has been queued */
	bool finished; /* the peer has been told so */
	int64_t said_ns; /* when we last said something */
	uint64_t state_size, pack_size;
	cr_piece_list offers; /* to be offered, from next_offer on */
	size_t next_offer;
	cr_piece_list wanted; /* to be sent, from next_wanted on; pad: again */
	size_t next_wanted;
	unsigned int unanswered;
	struct squeeze q;
	char *raw, *packed;
};

enum { AGAIN = 1 };

/* ---- what we have ---- */

/* Opens the pack of the image in whatever state it is. -ENOENT: it is in none. */
static int send_open_source(struct sender *d)
{
	static const enum cr_image_form forms[] = { CR_FORM_COMPLETE, CR_FORM_WRITING };
	char path[64];
	size_t i;
	int fd;

	for (i = 0; i < CR_ARRAY_SIZE(forms); i++) {
		snprintf(path, sizeof(path), "%s/" CR_PACK,
			 cr_form_name(forms[i], d->sh->key.number).text);
		fd = openat(d->p->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		cr_close_fd(&d->pack);
		d->pack = fd;
		return 0;
	}
	return -ENOENT;
}

static int send_open_image(const struct sender *d)
{
	return openat(d->p->dir, cr_form_name(CR_FORM_COMPLETE, d->sh->key.number).text,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static uint64_t manifest_hash(const struct sender *d)
{
	cr_auto_fd dir = send_open_image(d);

	return dir < 0 ? 0 : cr_image_manifest_hash(dir, NULL, NULL);
}

static bool offer(struct sender *d, const struct cr_piece *p)
{
	struct cr_piece *to = cr_list_add(&d->offers);

	if (to)
		*to = *p;
	return to != NULL;
}

/* Bytes of a file with one hash or none of a size that can be sent: cut up, and hashed by us. */
static int offer_cut(struct sender *d, int fd, unsigned int file, uint64_t at, uint64_t size)
{
	struct cr_piece p = { .file = file };
	uint64_t done;
	int ret = 0;

	for (done = 0; done < size && !ret; done += p.stored) {
		p.offset = at + done;
		p.stored = size - done < CR_PIECE_MAX ? size - done : CR_PIECE_MAX;
		ret = cr_read_at(fd, d->raw, p.stored, p.offset);
		p.xxh3 = XXH3_64bits(d->raw, p.stored);
		if (!ret && !offer(d, &p))
			ret = -ENOMEM;
	}
	return ret;
}

static int offer_spans(struct sender *d, const struct cr_image *img)
{
	cr_span_list spans;
	int ret = cr_spans_of(img, &spans);
	size_t i;

	for (i = 0; i < spans.n && !ret; i++) {
		const struct cr_span *x = &spans.v[i];
		struct cr_piece p = { .offset = x->offset, .xxh3 = x->xxh3, .codec = x->codec };

		if (x->size > CR_PIECE_MAX) {
			ret = offer_cut(d, img->pack, CR_PIECE_PACK, x->offset, x->size);
			continue;
		}
		p.stored = x->size;
		if (!offer(d, &p))
			ret = -ENOMEM;
	}
	free(spans.v);
	return ret;
}

/* Queues all that the complete image consists of. */
static int offer_all(struct sender *d)
{
	cr_auto_free struct cr_image *img = calloc(1, sizeof(*img));
	cr_auto_fd dir = send_open_image(d);
	char path[CR_PATH_MAX];
	int ret;

	if (dir < 0 || !img)
		return dir < 0 ? -ENOENT : -ENOMEM;
	snprintf(path, sizeof(path), "%.4000s/%06u", d->p->path, d->sh->key.number);
	ret = cr_image_open_at(img, dir, path, d->err);
	if (!ret) {
		cr_close_fd(&d->state);
		d->state = openat(dir, CR_STATE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		d->state_size = img->manifest.files[0].size;
		d->pack_size = img->manifest.files[1].size;
		ret = d->state < 0 ? -errno : offer_spans(d, img);
	}
	if (!ret)
		ret = offer_cut(d, d->state, CR_PIECE_STATE, 0, d->state_size);
	cr_image_free(img);
	d->offered = !ret;
	return ret;
}

/* ---- sending ---- */

static int send_say(struct sender *d, const cairn_StoreMsg *m, const void *payload, size_t len)
{
	d->said_ns = cr_now_ns(CLOCK_MONOTONIC);
	return cr_conn_send(d->c, m, payload, len);
}

static int in_kernel(const struct sender *d)
{
	int n = 0;

	return ioctl(d->c->fd, SIOCOUTQ, &n) ? 0 : n;
}

static void begin_window(struct sender *d)
{
	d->q.began_ns = cr_now_ns(CLOCK_MONOTONIC);
	d->q.wire = d->c->sent;
	d->q.queued = in_kernel(d);
}

/* At the end of a window: which way was faster, and is it time to try the other? */
static void look_at_speed(struct sender *d)
{
	struct squeeze *q = &d->q;
	double ns = cr_now_ns(CLOCK_MONOTONIC) - q->began_ns, wire, gone;
	bool better;

	if (q->bytes < WINDOW)
		return;
	/* What has only filled the kernel's queue has not gone. */
	wire = d->c->sent - q->wire;
	gone = wire - (in_kernel(d) - q->queued);
	if (ns > 0 && wire > 0)
		q->speed[q->on] = q->bytes * gone / wire / ns;
	q->bytes = 0;
	q->windows++;
	/* The network is others' too: a little slower is still better. */
	better = q->speed[1] > q->speed[0] * 0.95;
	if (q->probing) {
		q->next = q->on == better ? PROBE_FIRST : q->next * 2;
		q->next = q->next < PROBE_MAX ? q->next : PROBE_MAX;
		q->probing = false;
		q->windows = 0;
		q->on = better;
	} else if (q->windows >= q->next) {
		q->probing = true;
		q->on = !q->on;
	}
}

/* The bytes to send: packed if that gains. */
static const void *squeeze(struct sender *d, const struct cr_piece *p, size_t *len)
{
	struct squeeze *q = &d->q;
	int n;

	*len = p->stored;
	if (!q->bytes)
		begin_window(d);
	q->bytes += p->stored;
	if (!q->on || p->codec == cairn_Codec_CODEC_LZ4 || p->stored < 256)
		return d->raw;
	if (q->skip) {
		q->skip--;
		return d->raw;
	}
	n = LZ4_compress_fast(d->raw, d->packed, p->stored, p->stored - p->stored / 8, 1);
	if (n > 0) {
		q->failed = 0;
		*len = n;
		return d->packed;
	}
	q->failed = q->failed < 7 ? q->failed + 1 : 7;
	q->skip = q->failed > 2 ? 1u << q->failed : 0;
	return d->raw;
}

static int send_damaged(struct sender *d, const struct cr_piece *p)
{
	cr_fail(d->err, CR_EXIT_DAMAGED, 0, "%s/%06u: bytes %llu to %llu of %s are damaged",
		d->p->path, d->sh->key.number, (unsigned long long)p->offset,
		(unsigned long long)p->offset + p->stored,
		p->file == CR_PIECE_PACK ? CR_PACK : CR_STATE);
	return -EBADMSG;
}

static int send_piece(struct sender *d, const struct cr_piece *p)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_chunk_tag };
	int fd = p->file == CR_PIECE_PACK ? d->pack : d->state;
	const void *data;
	size_t len;
	int ret;

	if (p->pad == AGAIN)
		ret = cr_piece_read(fd, p, d->raw);
	else
		ret = cr_read_at(fd, d->raw, p->stored, p->offset);
	if (ret == -EIO || ret == -EBADMSG)
		/* Told before it was written: it is offered again at the end. */
		return d->complete ? send_damaged(d, p) : 0;
	if (ret)
		return ret;
	data = squeeze(d, p, &len);
	if (!cr_store_pace(d->s, len))
		return -ECANCELED;
	m.body.chunk = (cairn_StoreChunk){ p->file, p->offset, p->stored, p->xxh3, data != d->raw };
	ret = send_say(d, &m, data, len);
	d->s->counts.sent += len;
	look_at_speed(d);
	return ret;
}

static int send_offer(struct sender *d)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_offer_tag };
	size_t n = d->offers.n - d->next_offer;
	int ret;

	if (n > CR_OFFER_PIECES)
		n = CR_OFFER_PIECES;
	ret = send_say(d, &m, n ? d->offers.v + d->next_offer : NULL, n * sizeof(*d->offers.v));
	d->unanswered++;
	d->next_offer += n;
	if (d->next_offer == d->offers.n)
		d->next_offer = d->offers.n = 0;
	return ret;
}

static int send_finish(struct sender *d)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_finish_tag };
	cr_auto_fd dir = send_open_image(d);
	char *manifest = NULL;
	size_t len;
	int ret;

	if (dir < 0 || !cr_image_manifest_hash(dir, &manifest, &len))
		return -ENOENT;
	m.body.finish.state_size = d->state_size;
	m.body.finish.pack_size = d->pack_size;
	ret = send_say(d, &m, manifest, len);
	free(manifest);
	d->finished = true;
	/* It syncs all that it has, which takes as long as its disk takes. */
	cr_conn_patience(d->c, 30 * CR_SILENCE_MS);
	return ret;
}

/* ---- the peer's answers ---- */

static int take_want(struct sender *d, const cairn_StoreWant *want, const void *payload, size_t len)
{
	const struct cr_piece *v = payload;
	size_t i;

	if (len % sizeof(*v) || (!want->again && !d->unanswered) || want->again != d->finished)
		return -EPROTO;
	d->unanswered -= !want->again;
	d->finished = false;
	cr_conn_patience(d->c, CR_SILENCE_MS);
	for (i = 0; i < len / sizeof(*v); i++) {
		struct cr_piece *to;

		if (v[i].file >= CR_PIECE_FILES || !v[i].stored || v[i].stored > CR_PIECE_MAX ||
		    (v[i].file == CR_PIECE_STATE && !d->complete))
			return -EPROTO;
		to = cr_list_add(&d->wanted);
		if (!to)
			return -ENOMEM;
		*to = v[i];
		to->pad = want->again ? AGAIN : 0;
	}
	return 0;
}

/* 1: the peer has the image. -ECONNREFUSED: it says that it will not have it. */
static int send_take_answer(struct sender *d)
{
	cairn_StoreMsg m;
	void *payload;
	size_t len;
	int ret = cr_conn_recv(d->c, &m, &payload, &len);

	if (ret)
		return ret;
	d->sh->moved_ns = cr_now_ns(CLOCK_BOOTTIME);
	if (m.which_body == cairn_StoreMsg_want_tag)
		return take_want(d, &m.body.want, payload, len);
	if (m.which_body != cairn_StoreMsg_done_tag)
		return -EPROTO;
	if (!m.body.done.status)
		return d->finished ? 1 : -EPROTO;
	cr_fail(d->err, m.body.done.status, 0, "%s", m.body.done.error);
	return -ECONNREFUSED;
}

/* ---- the course ---- */

/* What the loop has told, and what the disk says. -ENOENT: there will be no image. */
static int look_around(struct sender *d)
{
	struct cr_store *s = d->s;
	cr_piece_list told;
	bool gone;
	size_t i;

	pthread_mutex_lock(&s->lock);
	told = d->sh->told;
	memset(&d->sh->told, 0, sizeof(d->sh->told));
	gone = d->sh->gone;
	if (d->sh->cancelled || s->closing)
		gone = false;
	pthread_mutex_unlock(&s->lock);
	for (i = 0; i < told.n; i++) {
		struct cr_piece *p = &told.v[i];

		p->pad = 0;
		if (p->file == CR_PIECE_PACK && p->stored && p->stored <= CR_PIECE_MAX &&
		    !d->offered)
			offer(d, p);
	}
	free(told.v);
	if (gone)
		return -ENOENT;
	if (d->complete)
		return 0;
	d->complete = manifest_hash(d) != 0;
	if (d->complete || d->pack < 0)
		/* Before anything is written there is nothing to be missed. */
		return send_open_source(d) && d->complete ? -ENOENT : 0;
	/* Renamed since we looked, or removed. */
	if (!faccessat(d->p->dir, cr_form_name(CR_FORM_WRITING, d->sh->key.number).text, F_OK,
		       AT_SYMLINK_NOFOLLOW))
		return 0;
	d->complete = manifest_hash(d) != 0;
	return d->complete ? 0 : -ENOENT;
}

static void wait_for_more(struct sender *d)
{
	struct pollfd p[] = { { .fd = d->c->fd, .events = POLLIN },
			      { .fd = d->sh->wake, .events = POLLIN } };
	uint64_t n;

	if (poll(p, 2, 250) > 0 && p[1].revents && read(d->sh->wake, &n, sizeof(n)) < 0)
		return;
}

/* One step: sends, or takes an answer, or waits. 1: done. */
static int send_step(struct sender *d)
{
	int ret = look_around(d);

	if (ret)
		return ret;
	if (cr_conn_ready(d->c))
		return send_take_answer(d);
	if (d->next_offer < d->offers.n && d->unanswered < CR_OFFERS && d->pack >= 0)
		return send_offer(d);
	if (d->next_wanted < d->wanted.n)
		return send_piece(d, &d->wanted.v[d->next_wanted++]);
	d->next_wanted = d->wanted.n = 0;
	if (d->unanswered || d->finished)
		return send_take_answer(d);
	if (d->complete)
		return d->offered ? send_finish(d) : offer_all(d);
	wait_for_more(d);
	if (cr_now_ns(CLOCK_MONOTONIC) - d->said_ns > CR_LIFE_MS * 1000000ll)
		return send_offer(d);
	return 0;
}

/* 1: nothing is to be sent. */
static int send_greet(struct sender *d)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_begin_tag };
	cairn_StoreBegin *b = &m.body.begin;
	const struct cr_image_key *k = &d->sh->key;
	void *payload;
	size_t len;
	int ret;

	b->version = CR_STORE_VERSION;
	b->store_id = d->s->id;
	snprintf(b->node, sizeof(b->node), "%s", d->s->node);
	b->job = k->job;
	b->member = k->member;
	b->number = k->number;
	snprintf(b->name, sizeof(b->name), "%s", d->p->name);
	b->uid = d->p->uid;
	b->gid = d->p->gid;
	b->manifest = manifest_hash(d);
	ret = send_say(d, &m, NULL, 0);
	/* It may read through what it has before it answers. */
	cr_conn_patience(d->c, 30 * CR_SILENCE_MS);
	if (!ret)
		ret = cr_conn_recv(d->c, &m, &payload, &len);
	cr_conn_patience(d->c, CR_SILENCE_MS);
	if (ret)
		return ret;
	if (m.which_body != cairn_StoreMsg_ready_tag)
		return -EPROTO;
	if (m.body.ready.answer == cairn_StoreAnswer_STORE_BUSY)
		return -EAGAIN;
	d->sh->moved_ns = cr_now_ns(CLOCK_BOOTTIME);
	if (m.body.ready.answer == cairn_StoreAnswer_STORE_GO)
		return 0;
	if (m.body.ready.answer == cairn_StoreAnswer_STORE_HAVE)
		return 1;
	cr_fail(d->err, m.body.ready.status, 0, "%s", m.body.ready.error);
	return -ECONNREFUSED;
}

static void send_give_up(struct sender *d, bool gone)
{
	cairn_StoreMsg m = { .which_body = cairn_StoreMsg_give_up_tag };

	m.body.give_up.gone = gone;
	send_say(d, &m, NULL, 0);
}

static enum cr_sent meaning(struct sender *d, int ret)
{
	switch (ret) {
	case 1:
		return CR_SENT;
	case -ECONNREFUSED:
		return CR_SENT_REFUSED;
	case -ENOENT:
		send_give_up(d, true);
		return CR_SENT_GONE;
	case -EBADMSG:
		send_give_up(d, false);
		return CR_SENT_DAMAGED;
	case -EPROTO:
		cr_fail(d->err, CR_EXIT_CLUSTER, EPROTO, "the store of %s answers nonsense",
			d->sh->to.node);
		return CR_SENT_REFUSED;
	default:
		/* What is said already is of our disk. */
		if (d->err->status)
			return CR_SENT_REFUSED;
		cr_fail(d->err, CR_EXIT_CLUSTER, -ret, "the connection to the store of %s broke",
			d->sh->to.node);
		return CR_SENT_BROKEN;
	}
}

enum cr_sent cr_send(struct cr_shipment *sh, struct cr_conn *c, const struct cr_place *p,
		     struct cr_err *err)
{
	struct sender d = { .sh = sh, .s = sh->store, .c = c, .p = p, .err = err };
	enum cr_sent sent;
	int ret;

	d.pack = d.state = -1;
	d.q.on = true;
	d.q.next = 1;
	d.raw = aligned_alloc(CR_PAGE, CR_PIECE_MAX);
	d.packed = aligned_alloc(CR_PAGE, CR_PIECE_MAX);
	ret = d.raw && d.packed ? send_greet(&d) : -ENOMEM;
	while (!ret)
		ret = send_step(&d);
	sent = meaning(&d, ret);
	cr_close_fd(&d.pack);
	cr_close_fd(&d.state);
	free(d.offers.v);
	free(d.wanted.v);
	free(d.raw);
	free(d.packed);
	return sent;
}
