// SPDX-License-Identifier: Apache-2.0
//
// Peers that do not do what they should: damaged chunks, names that lead elsewhere, sizes and
// numbers that are not true, messages out of order. The test is one end of a socketpair.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xxhash.h>

#include "common/piece.h"
#include "store/store_accept.h"
#include "store/conn.h"
#include "store/receive.h"
#include "store_lab.h"

static struct lab_store b;
static struct cr_conn mine;
static pthread_t thread;
static cairn_StoreMsg m;
static void *payload;
static size_t len;

static void *serve(void *arg)
{
	struct cr_incoming in = { .store = b.s };
	struct cr_conn c;

	ck_assert(!cr_conn_open(&c, (int)(long)arg, NULL, true, NULL));
	cr_receive(&in, &c);
	cr_conn_close(&c);
	return NULL;
}

static void meet(void)
{
	int pair[2];

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ck_assert(!cr_conn_open(&mine, pair[0], NULL, false, NULL));
	ck_assert(!pthread_create(&thread, NULL, serve, (void *)(long)pair[1]));
}

static void part(void)
{
	cr_conn_close(&mine);
	pthread_join(thread, NULL);
}

static void setup(void)
{
	lab_setup();
	lab_open(&b, "b", 0);
	meet();
}

static void teardown(void)
{
	part();
	lab_close(&b);
	lab_teardown();
}

static void send_msg(const void *data, size_t n)
{
	ck_assert(!cr_conn_send(&mine, &m, data, n));
}

static int answer(void)
{
	return cr_conn_recv(&mine, &m, &payload, &len);
}

static cairn_StoreBegin *begin(void)
{
	cairn_StoreBegin *x = &m.body.begin;

	memset(&m, 0, sizeof(m));
	m.which_body = cairn_StoreMsg_begin_tag;
	*x = (cairn_StoreBegin){ .version = CR_STORE_VERSION,
				 .store_id = 1,
				 .node = "x",
				 .job = LAB_JOB,
				 .number = 1,
				 .name = "job",
				 .uid = geteuid(),
				 .gid = getegid() };
	return x;
}

static void go(void)
{
	begin();
	send_msg(NULL, 0);
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_ready_tag);
	ck_assert_uint_eq(m.body.ready.answer, cairn_StoreAnswer_STORE_GO);
}

static void offer(const struct cr_piece *p, size_t n)
{
	memset(&m, 0, sizeof(m));
	m.which_body = cairn_StoreMsg_offer_tag;
	send_msg(p, n * sizeof(*p));
}

static void chunk(const struct cr_piece *p, const void *data, size_t n, bool lz4)
{
	memset(&m, 0, sizeof(m));
	m.which_body = cairn_StoreMsg_chunk_tag;
	m.body.chunk = (cairn_StoreChunk){ p->file, p->offset, p->stored, p->xxh3, lz4 };
	send_msg(data, n);
}

static void finish(uint64_t state, uint64_t pack, const void *manifest, size_t n)
{
	memset(&m, 0, sizeof(m));
	m.which_body = cairn_StoreMsg_finish_tag;
	m.body.finish.state_size = state;
	m.body.finish.pack_size = pack;
	send_msg(manifest, n);
}

START_TEST(test_refused)
{
	cairn_StoreBegin *x = begin();

	switch (_i) {
	case 0:
		strcpy(x->name, "../../etc");
		break;
	case 1:
		strcpy(x->name, "..");
		break;
	case 2:
		strcpy(x->name, "");
		break;
	case 3:
		strcpy(x->name, "a/b");
		break;
	case 4:
		x->number = 0;
		break;
	case 5:
		x->number = UINT32_MAX;
		break;
	case 6:
		x->job = 0;
		break;
	case 7:
		x->version = 99;
		break;
	case 8:
		x->uid = UINT32_MAX;
		break;
	case 9:
		strcpy(x->name, ".hidden");
		break;
	}
	send_msg(NULL, 0);
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_ready_tag);
	ck_assert_uint_eq(m.body.ready.answer, cairn_StoreAnswer_STORE_REFUSED);
	ck_assert_str_ne(m.body.ready.error, "");
	ck_assert(answer());
	ck_assert_uint_eq(b.told, 0);
}
END_TEST

/* The connection ends, nothing comes of it. */
START_TEST(test_nonsense)
{
	struct cr_piece p = { .stored = 100 };
	static char junk[8192];

	if (_i)
		go();
	switch (_i) {
	case 0: /* before anything */
		offer(&p, 1);
		break;
	case 1:
		begin();
		send_msg(NULL, 0);
		break;
	case 2:
		p.file = 7;
		offer(&p, 1);
		break;
	case 3:
		p.stored = 1u << 30;
		offer(&p, 1);
		break;
	case 4:
		p.offset = UINT64_MAX - 10;
		offer(&p, 1);
		break;
	case 5:
		p.stored = 0;
		offer(&p, 1);
		break;
	case 6:
		memset(&m, 0, sizeof(m));
		m.which_body = cairn_StoreMsg_offer_tag;
		send_msg(junk, 33);
		break;
	case 7:
		p.file = 9;
		chunk(&p, junk, 100, false);
		break;
	case 8:
		p.offset = 1ull << 60;
		chunk(&p, junk, 100, false);
		break;
	case 9:
		finish(UINT64_MAX, UINT64_MAX, junk, 100);
		break;
	case 10:
		memset(&m, 0, sizeof(m));
		m.which_body = cairn_StoreMsg_ready_tag;
		send_msg(NULL, 0);
		break;
	case 11:
		ck_assert_int_eq(write(mine.fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 8);
		break;
	case 12:
		memset(junk, 0xff, sizeof(junk));
		ck_assert_int_eq(write(mine.fd, "\x40\0\0\0\0\0\0\0", 8), 8);
		ck_assert_int_eq(write(mine.fd, junk, 64), 64);
		break;
	}
	ck_assert(answer());
	ck_assert(!lab_there(&b, "000001"));
}
END_TEST

/* The end of an image that is none. */
START_TEST(test_no_image)
{
	char manifest[300] = "CAIRNMAN";

	go();
	finish(_i ? 100 : 1ull << 50, 1ull << 40, manifest, _i == 2 ? 0 : sizeof(manifest));
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_done_tag);
	ck_assert_uint_ne(m.body.done.status, 0);
	part();
	ck_assert(!lab_there(&b, "000001") && !lab_there(&b, ".000001.part"));
	meet();
}
END_TEST

/* Damaged on its way: asked for again at the end, and good then. */
START_TEST(test_damaged_chunk)
{
	static char data[5000], bad[5000];
	struct cr_piece p = { .offset = 8192, .stored = sizeof(data) };

	memset(data, 'x', sizeof(data));
	memcpy(bad, data, sizeof(bad));
	bad[4999] ^= 1;
	p.xxh3 = XXH3_64bits(data, sizeof(data));
	go();
	offer(&p, 1);
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_want_tag);
	ck_assert_uint_eq(len, sizeof(p));
	if (_i == 0)
		chunk(&p, bad, sizeof(bad), false);
	else if (_i == 1)
		chunk(&p, bad, sizeof(bad), true);
	else
		chunk(&p, data, sizeof(data) - 1, false);
	finish(0, 0, NULL, 0);
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_want_tag);
	ck_assert(m.body.want.again);
	ck_assert_mem_eq(payload, &p, sizeof(p));
	chunk(&p, data, sizeof(data), false);
	/* It has it now. */
	offer(&p, 1);
	ck_assert(!answer());
	ck_assert_uint_eq(m.which_body, cairn_StoreMsg_want_tag);
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(b.s->counts.damaged, 1);
}
END_TEST

/* A second one of another node has to wait; of the same node it takes the first one's place. */
START_TEST(test_claims)
{
	struct cr_incoming one = { .store = b.s, .fd = -1 }, two = { .store = b.s, .fd = -1 };
	struct cr_image_key key = { LAB_JOB, 0, 1 };

	b.s->incoming = &one;
	one.next = &two;
	ck_assert_int_eq(cr_incoming_claim(&one, &key, "x"), 0);
	ck_assert_int_eq(cr_incoming_claim(&two, &key, "y"), -EBUSY);
	ck_assert(cr_incoming_has(b.s, LAB_JOB, 0, 1));
	key.number = 2;
	ck_assert_int_eq(cr_incoming_claim(&two, &key, "y"), 0);
	b.s->incoming = NULL;
	ck_assert(!cr_incoming_has(b.s, LAB_JOB, 0, 1));
}
END_TEST

TCase *unit_store_peer(void)
{
	TCase *c = tcase_create("store_peer");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, test_refused, 0, 10);
	tcase_add_loop_test(c, test_nonsense, 0, 13);
	tcase_add_loop_test(c, test_no_image, 0, 3);
	tcase_add_loop_test(c, test_damaged_chunk, 0, 3);
	tcase_add_test(c, test_claims);
	return c;
}
