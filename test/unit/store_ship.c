// SPDX-License-Identifier: Apache-2.0
//
// Images that go from one store to another.
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "net/link.h"
#include "net/trust.h"
#include "store/store_accept.h"
#include "store/chores.h"
#include "store/ship.h"
#include "store_lab.h"

static struct lab_store a, b;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	lab_setup();
	lab_open(&a, "a", 0);
	lab_open(&b, "b", 0);
}

static void teardown(void)
{
	lab_close(&a);
	lab_close(&b);
	lab_teardown();
}

START_TEST(test_whole)
{
	struct lab_content c = lab_content(20, 1);
	const cairn_Holding *h;

	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &b, 1);
	h = lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert_uint_gt(h->bytes, 20 * LAB_RUN);
	ck_assert_uint_eq(h->uid, geteuid());
	ck_assert_str_eq(h->name, "job");
	lab_same(&a, &b, 1);
	ck_assert(lab_told(&b, 1, cairn_HoldingState_HOLDING_WRITING));
	ck_assert(!lab_there(&b, ".000001.part"));
}
END_TEST

static void tell(struct lab_store *l, uint32_t number, const struct cr_piece *p)
{
	cr_store_pieces(l->s, LAB_JOB, 0, number, p, sizeof(*p));
	lab_run_ms(2);
}

static void tell_some(struct lab_store *l, uint32_t number, const struct cr_piece *p)
{
	if (p->xxh3 % 2)
		tell(l, number, p);
}

START_TEST(test_while_written)
{
	struct lab_content c = lab_content(30, 1);
	uint64_t before;

	lab_ship(&a, &b, 1);
	lab_write(&a, 1, &c, _i ? tell_some : tell);
	/* The most of it has gone before anybody was told that it is complete. */
	before = b.s->counts.stored;
	cr_store_written(a.s, LAB_JOB, 0, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_wait(&a, 1, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert_uint_gt(before, 3 * LAB_RUN);
	ck_assert_uint_le(b.s->counts.stored, 31 * LAB_RUN);
	lab_same(&a, &b, 1);
}
END_TEST

START_TEST(test_standing)
{
	struct lab_content c = lab_content(5, 1);
	uint32_t n;

	lab_ship(&a, &b, 0);
	for (n = 1; n <= 3; n++) {
		c.seeds[n] += 100;
		lab_write(&a, n, &c, n == 2 ? NULL : tell);
		cr_store_written(a.s, LAB_JOB, 0, n);
		lab_wait(&b, n, cairn_HoldingState_HOLDING_COMPLETE);
		lab_same(&a, &b, n);
	}
	cr_store_unship(a.s, LAB_JOB, -1, 0, NULL);
	lab_write(&a, 4, &c, NULL);
	cr_store_written(a.s, LAB_JOB, 0, 4);
	lab_run_ms(300);
	ck_assert(!lab_there(&b, "000004"));
}
END_TEST

/* Never complete: what is there of it goes. */
START_TEST(test_given_up)
{
	struct lab_content c = lab_content(8, 1);
	char path[CR_PATH_MAX], from[CR_PATH_MAX + 16], to[CR_PATH_MAX + 16];
	struct cr_piece p = { .stored = LAB_RUN };

	lab_write(&a, 1, &c, NULL);
	lab_folder(&a, path);
	snprintf(from, sizeof(from), "%s/000001", path);
	snprintf(to, sizeof(to), "%s/.000001.tmp", path);
	ck_assert(!rename(from, to));
	strcat(from, "/manifest");
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_WRITING);
	/* A hash that is not true: the piece is left for later. */
	cr_store_pieces(a.s, LAB_JOB, 0, 1, &p, sizeof(p));
	/* Junk is passed over. */
	cr_store_pieces(a.s, LAB_JOB, 0, 1, "junk", 4);
	lab_run_ms(200);
	ck_assert(lab_there(&b, ".000001.part"));
	if (_i)
		cr_store_given_up(a.s, LAB_JOB, 0, 1);
	else
		cr_store_drop(a.s, LAB_JOB, 0, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_GONE);
	ck_assert(!lab_there(&b, ".000001.part"));
}
END_TEST

START_TEST(test_only_changes)
{
	struct lab_content c = lab_content(40, 1);
	uint64_t before;

	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	c.seeds[7] = 500;
	c.seeds[39] = 501;
	lab_write(&a, 2, &c, NULL);
	before = b.s->counts.stored;
	lab_ship(&a, &b, 2);
	lab_wait(&b, 2, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&a, &b, 2);
	ck_assert_uint_ge(b.s->counts.reused, 38 * LAB_RUN);
	/* Two runs, and state.img. */
	ck_assert_uint_le(b.s->counts.stored - before, 2 * LAB_RUN + (64 << 10));
	/* Again: it is there. */
	lab_forget(&b);
	before = b.s->counts.received;
	lab_ship(&a, &b, 2);
	lab_wait(&b, 2, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert_uint_eq(b.s->counts.received, before);
}
END_TEST

START_TEST(test_packed)
{
	struct lab_content c = lab_content(12, 1000);

	c.lz4 = _i;
	c.blob = true;
	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&a, &b, 1);
	if (!_i)
		ck_assert_uint_lt(a.s->counts.sent, b.s->counts.stored / 10 * 9);
}
END_TEST

/* Cut at many places; with a store that is opened anew in between, or not. */
START_TEST(test_cut)
{
	struct lab_content c = lab_content(40, 1);
	struct lab_line line;

	c.blob = true;
	lab_line(&line, cr_store_port(b.s), 25, 700 << 10, 88172645463325252ull + _i);
	lab_write(&a, 1, &c, NULL);
	lab_ship_by(&a, "b", line.port, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&a, &b, 1);
	/* What was there was not sent again, but for what was on its way. */
	ck_assert_uint_gt(b.s->counts.resumed, 0);
	ck_assert_uint_lt(b.s->counts.received, 60 * LAB_RUN);
	lab_line_end(&line);
}
END_TEST

START_TEST(test_restarted)
{
	struct lab_content c = lab_content(60, 1);
	unsigned int i;
	uint64_t resumed = 0;

	lab_close(&a);
	lab_open(&a, "a", 20 << 20);
	lab_write(&a, 1, &c, NULL);
	for (i = 0; i < 3; i++) {
		lab_ship(&a, &b, 1);
		lab_run_ms(150);
		resumed += b.s->counts.resumed;
		if (i == 1) {
			lab_close(&a);
			lab_open(&a, "a", 0);
		}
		lab_close(&b);
		lab_open(&b, "b", 0);
	}
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&a, &b, 1);
	ck_assert_uint_gt(b.s->counts.resumed + resumed, LAB_RUN);
}
END_TEST

/* The source is damaged: it is told, nothing comes to be there, another one is used. */
START_TEST(test_damaged_source)
{
	struct lab_content c = lab_content(20, 1);
	struct lab_store third;

	lab_open(&third, "c", 0);
	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &third, 1);
	lab_wait(&third, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_damage(&a, 1, _i ? CR_STATE : CR_PACK, _i ? 40 : 15 * LAB_RUN + 77);
	lab_ship(&a, &b, 1);
	ck_assert_str_ne(lab_wait(&a, 1, cairn_HoldingState_HOLDING_DAMAGED)->error, "");
	lab_run_ms(100);
	ck_assert(!lab_there(&b, "000001"));
	ck_assert(lab_there(&a, ".000001.damaged"));
	lab_ship(&third, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&third, &b, 1);
	if (!_i)
		ck_assert_uint_gt(b.s->counts.resumed, 10 * LAB_RUN);
	/* And ours is made good by another's, of which little travels. */
	lab_forget(&a);
	lab_ship(&b, &a, 1);
	lab_wait(&a, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&b, &a, 1);
	ck_assert(!lab_there(&a, ".000001.damaged"));
	if (!_i)
		ck_assert_uint_le(a.s->counts.stored, 2 * LAB_RUN);
	lab_close(&third);
}
END_TEST

/* Damage that only somebody else knows of: what is sent once more is looked at. */
START_TEST(test_unknown_damage)
{
	struct lab_content c = lab_content(12, 1);

	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_damage(&b, 1, CR_PACK, 5 * LAB_RUN + 9);
	lab_forget(&b);
	b.s->counts.stored = 0;
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_same(&a, &b, 1);
	ck_assert_uint_lt(b.s->counts.stored, 2 * LAB_RUN);
}
END_TEST

START_TEST(test_full)
{
	struct lab_content c = lab_content(40, 1);
	char path[CR_PATH_MAX];
	const cairn_Holding *h;

	if (geteuid())
		return;
	lab_write(&a, 1, &c, NULL);
	lab_folder(&b, path);
	if (mount("cairn-test", path, "tmpfs", 0, "size=4m,mode=700"))
		return;
	lab_ship(&a, &b, 1);
	h = lab_wait(&b, 1, cairn_HoldingState_HOLDING_GONE);
	ck_assert_ptr_nonnull(strstr(h->error, "No space left"));
	h = lab_wait(&a, 1, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert_ptr_nonnull(strstr(h->error, "No space left"));
	ck_assert(!lab_there(&b, ".000001.part"));
	umount2(path, MNT_DETACH);
}
END_TEST

START_TEST(test_one_folder)
{
	struct lab_content c = lab_content(4, 1);
	struct lab_store other;

	lab_open(&other, "a", 0);
	ck_assert_uint_eq(cr_store_id(other.s), cr_store_id(a.s));
	ck_assert_uint_ne(cr_store_id(b.s), cr_store_id(a.s));
	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &other, 1);
	lab_run_ms(300);
	ck_assert_uint_eq(other.s->counts.received, 0);
	ck_assert(!a.s->shipments);
	lab_close(&other);
}
END_TEST

START_TEST(test_rate)
{
	struct lab_content c = lab_content(8, 1);
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);

	lab_close(&a);
	lab_open(&a, "a", 4 << 20);
	lab_write(&a, 1, &c, NULL);
	lab_ship(&a, &b, 1);
	lab_wait(&b, 1, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert_int_gt(cr_now_ns(CLOCK_MONOTONIC) - began, 400000000);
}
END_TEST

START_TEST(test_other_key)
{
	struct lab_content c = lab_content(2, 1);
	struct cr_trust *mine = lab_trust, *other;
	struct lab_store stranger;
	struct cr_err err = { 0 };
	char path[96];

	snprintf(path, sizeof(path), "%s/other", unit_dir);
	ck_assert(!cr_trust_make_key(path, &err));
	ck_assert(!cr_trust_load(&(struct cr_trust_files){ .key = path }, &other, &err));
	lab_trust = other;
	lab_open(&stranger, "s", 0);
	lab_trust = mine;
	lab_write(&stranger, 1, &c, NULL);
	lab_ship(&stranger, &b, 1);
	lab_run_ms(500);
	ck_assert_uint_eq(b.told, 0);
	lab_close(&stranger);
	cr_trust_free(other);
}
END_TEST

/* A job of another user's: root keeps it as theirs, nobody else keeps it at all. */
START_TEST(test_other_user)
{
	struct lab_content c = lab_content(4, 1);
	struct stat st;
	char path[CR_PATH_MAX + 16], command[CR_PATH_MAX + 64];
	struct cr_err err = { 0 };

	if (geteuid()) {
		unit_refused(cr_store_folder(b.s, 8, "job", 0, geteuid() + 1, 1, path, &err), &err,
			     CR_EXIT_PERMISSION, "keeps no images of user");
		return;
	}
	/* Users come to their folders through these. */
	snprintf(command, sizeof(command), "chmod 711 %s/.. %s", unit_dir, unit_dir);
	ck_assert(!system(command));
	lab_write(&a, 1, &c, NULL);
	snprintf(command, sizeof(command), "chown -R 4321:4322 %s/job.%d", a.dir, LAB_JOB);
	ck_assert(!system(command));
	lab_ship(&a, &b, 1);
	/* Its manifest says that it is root's. */
	ck_assert_ptr_nonnull(
		strstr(lab_wait(&b, 1, cairn_HoldingState_HOLDING_GONE)->error, "of user 0"));
	snprintf(path, sizeof(path), "%s/job.%d/0", b.dir, LAB_JOB);
	ck_assert(!stat(path, &st));
	ck_assert_uint_eq(st.st_uid, 4321);
	ck_assert_uint_eq(st.st_gid, 4322);
	ck_assert(!cr_store_folder(b.s, LAB_JOB, "job", 3, 4321, 4322, path, &err));
	unit_refused(cr_store_folder(b.s, LAB_JOB, "job", 3, 99, 99, path, &err), &err,
		     CR_EXIT_PERMISSION, "belongs to user 4321");
}
END_TEST

/* Many at once, both ways. */
START_TEST(test_many)
{
	struct lab_content c = lab_content(6, 1);
	uint32_t n;

	for (n = 1; n <= 12; n++) {
		c.seeds[0] = 100 + n;
		lab_write(n % 2 ? &a : &b, n, &c, NULL);
	}
	for (n = 1; n <= 12; n++)
		lab_ship(n % 2 ? &a : &b, n % 2 ? &b : &a, n);
	for (n = 1; n <= 12; n++) {
		lab_wait(n % 2 ? &b : &a, n, cairn_HoldingState_HOLDING_COMPLETE);
		lab_same(&a, &b, n);
	}
	lab_run_ms(200);
	ck_assert(!a.s->shipments && !b.s->shipments && !a.s->incoming && !b.s->incoming);
}
END_TEST

TCase *unit_store_ship(void)
{
	TCase *c = tcase_create("store_ship");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_whole);
	tcase_add_loop_test(c, test_while_written, 0, 2);
	tcase_add_test(c, test_standing);
	tcase_add_loop_test(c, test_given_up, 0, 2);
	tcase_add_test(c, test_only_changes);
	tcase_add_loop_test(c, test_packed, 0, 2);
	tcase_add_loop_test(c, test_cut, 0, 4);
	tcase_add_test(c, test_restarted);
	tcase_add_loop_test(c, test_damaged_source, 0, 2);
	tcase_add_test(c, test_unknown_damage);
	tcase_add_test(c, test_full);
	tcase_add_test(c, test_one_folder);
	tcase_add_test(c, test_rate);
	tcase_add_test(c, test_other_key);
	tcase_add_test(c, test_other_user);
	tcase_add_test(c, test_many);
	return c;
}
