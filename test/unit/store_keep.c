// SPDX-License-Identifier: Apache-2.0
//
// What lies in a store: names, what is told of it, dropping, damage, what crashes leave.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "store/chores.h"
#include "store/store_verify.h"
#include "store_lab.h"

static struct lab_store a;

static void setup(void)
{
	lab_setup();
	lab_open(&a, "a", 0);
}

static void teardown(void)
{
	lab_close(&a);
	lab_teardown();
}

static void again(void)
{
	lab_close(&a);
	lab_open(&a, "a", 0);
}

static void inventory(void)
{
	lab_forget(&a);
	cr_store_inventory(a.s);
	lab_wait(&a, 0, cairn_HoldingState_HOLDING_GONE);
	ck_assert(a.log.v[a.log.n - 1].end);
}

static void make(const char *name, bool folder)
{
	char path[CR_PATH_MAX + 64], in[CR_PATH_MAX];

	lab_folder(&a, in);
	snprintf(path, sizeof(path), "%s/%s", in, name);
	if (folder)
		ck_assert(!mkdir(path, 0700));
	else
		close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void rename_in(const char *from, const char *to)
{
	char x[CR_PATH_MAX + 64], y[CR_PATH_MAX + 64], in[CR_PATH_MAX];

	lab_folder(&a, in);
	snprintf(x, sizeof(x), "%s/%s", in, from);
	snprintf(y, sizeof(y), "%s/%s", in, to);
	ck_assert(!rename(x, y));
}

START_TEST(test_names)
{
	static const struct {
		const char *name;
		enum cr_image_form form;
		uint32_t number;
	} v[] = {
		{ "000001", CR_FORM_COMPLETE, 1 },
		{ "1234567", CR_FORM_COMPLETE, 1234567 },
		{ ".000007.tmp", CR_FORM_WRITING, 7 },
		{ ".000007.part", CR_FORM_PART, 7 },
		{ ".000007.old", CR_FORM_OLD, 7 },
		{ ".000007.damaged", CR_FORM_DAMAGED, 7 },
		{ "1", CR_FORM_NONE, 0 },
		{ "000000", CR_FORM_NONE, 0 },
		{ "000001.tmp", CR_FORM_NONE, 0 },
		{ ".000001", CR_FORM_NONE, 0 },
		{ "..", CR_FORM_NONE, 0 },
		{ "output", CR_FORM_NONE, 0 },
		{ "99999999999", CR_FORM_NONE, 0 },
		{ "-00001", CR_FORM_NONE, 0 },
	};
	uint32_t number;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(v); i++) {
		ck_assert_msg(cr_form_of(v[i].name, &number) == v[i].form, "%s", v[i].name);
		if (v[i].form != CR_FORM_NONE)
			ck_assert_uint_eq(number, v[i].number);
	}
}
END_TEST

START_TEST(test_id)
{
	uint64_t id = cr_store_id(a.s), total, left;
	char path[128], in[CR_PATH_MAX];
	struct cr_store *s;
	struct cr_err err = { 0 };
	struct cr_store_options o = { .base = lab_base, .path = a.dir, .node = "x" };
	struct stat st;
	int fd;

	ck_assert_uint_ne(id, 0);
	again();
	ck_assert_uint_eq(cr_store_id(a.s), id);
	cr_store_room(a.s, &total, &left);
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_ge(total, left);
	lab_folder(&a, in);
	ck_assert(!stat(in, &st));
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert(!stat(a.dir, &st));
	ck_assert_uint_eq(st.st_mode & 07777, geteuid() ? 0700 : 0711);
	snprintf(path, sizeof(path), "%s/store.id", a.dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "nonsense", 8), 8);
	close(fd);
	unit_refused(cr_store_open(&s, &o, &err), &err, CR_EXIT_DAMAGED, "store.id is damaged");
	unlink(path);
	ck_assert(!chmod(a.dir, 0777));
	cr_err_clear(&err);
	unit_refused(cr_store_open(&s, &o, &err), &err, CR_EXIT_PERMISSION, "nobody else may");
}
END_TEST

START_TEST(test_inventory)
{
	struct lab_content c = lab_content(3, 1);

	inventory();
	ck_assert_uint_eq(a.log.n, 1);
	lab_write(&a, 1, &c, NULL);
	lab_write(&a, 2, &c, NULL);
	lab_write(&a, 3, &c, NULL);
	make(".000004.tmp", true);
	make(".000005.part", true);
	make("output", false);
	make("000008", true);
	lab_damage(&a, 2, CR_MANIFEST, 50);
	inventory();
	ck_assert(lab_told(&a, 1, cairn_HoldingState_HOLDING_COMPLETE));
	ck_assert(lab_told(&a, 2, cairn_HoldingState_HOLDING_DAMAGED));
	ck_assert(lab_told(&a, 3, cairn_HoldingState_HOLDING_COMPLETE));
	ck_assert(lab_told(&a, 4, cairn_HoldingState_HOLDING_WRITING));
	ck_assert(lab_told(&a, 5, cairn_HoldingState_HOLDING_WRITING));
	ck_assert(lab_told(&a, 8, cairn_HoldingState_HOLDING_GONE));
	ck_assert_uint_eq(a.log.n, 7);
	ck_assert_uint_eq(a.log.v[0].job, LAB_JOB);
}
END_TEST

START_TEST(test_drop)
{
	struct lab_content c = lab_content(3, 1);
	char path[CR_PATH_MAX];

	lab_folder(&a, path);
	lab_write(&a, 1, &c, NULL);
	lab_write(&a, 2, &c, NULL);
	make(".000002.part", true);
	make(".000002.damaged", false);
	cr_store_drop(a.s, LAB_JOB, 0, 2);
	lab_wait(&a, 2, cairn_HoldingState_HOLDING_GONE);
	ck_assert(!lab_there(&a, "000002") && !lab_there(&a, ".000002.part"));
	ck_assert(!lab_there(&a, ".000002.damaged") && lab_there(&a, "000001"));
	/* One that is not there is gone, too. */
	cr_store_drop(a.s, LAB_JOB, 0, 77);
	lab_wait(&a, 77, cairn_HoldingState_HOLDING_GONE);
	cr_store_drop(a.s, 99, 0, 5);
	lab_wait(&a, 5, cairn_HoldingState_HOLDING_GONE);
	if (_i)
		make("output", false);
	cr_store_drop(a.s, LAB_JOB, 0, 0);
	lab_wait(&a, 1, cairn_HoldingState_HOLDING_GONE);
	lab_run_ms(50);
	/* What the job has put out is not ours. */
	ck_assert_int_eq(!access(path, F_OK), _i);
}
END_TEST

START_TEST(test_mended)
{
	struct lab_content c = lab_content(3, 1);

	lab_write(&a, 1, &c, NULL);
	lab_write(&a, 2, &c, NULL);
	lab_write(&a, 3, &c, NULL);
	/* Crashes: in a drop; in a replacement, before and after the new one was there. */
	rename_in("000001/manifest", "lost");
	rename_in("000002", ".000002.old");
	make(".000003.old", true);
	make(".000004.part", true);
	again();
	ck_assert(!lab_there(&a, "000001"));
	ck_assert(lab_there(&a, "000002") && !lab_there(&a, ".000002.old"));
	ck_assert(lab_there(&a, "000003") && !lab_there(&a, ".000003.old"));
	ck_assert(lab_there(&a, ".000004.part"));
}
END_TEST

START_TEST(test_damage)
{
	static const struct {
		const char *file;
		off_t at;
	} v[] = {
		{ CR_MANIFEST, 3 }, { CR_MANIFEST, -1 }, { CR_STATE, 100 },    { CR_STATE, -1 },
		{ CR_PACK, 0 },	    { CR_PACK, -1 },	 { CR_PACK, LAB_RUN }, { CR_PACK, -4000 },
	};
	struct lab_content c = lab_content(3, 1000);
	char path[CR_PATH_MAX + 16], in[CR_PATH_MAX];
	struct cr_err err = { 0 };

	c.lz4 = true;
	c.blob = _i % 2;
	lab_write(&a, 1, &c, NULL);
	lab_folder(&a, in);
	snprintf(path, sizeof(path), "%s/000001", in);
	ck_assert_msg(!cr_store_verify(path, &err), "%s", err.text);
	cr_store_check(a.s, LAB_JOB, 0, 1);
	lab_wait(&a, 1, cairn_HoldingState_HOLDING_COMPLETE);
	lab_damage(&a, 1, v[_i].file, _i == 6 ? LAB_RUN / 8 : v[_i].at);
	unit_refused(cr_store_verify(path, &err), &err, CR_EXIT_DAMAGED, "damaged");
	cr_store_check(a.s, LAB_JOB, 0, 1);
	ck_assert_str_ne(lab_wait(&a, 1, cairn_HoldingState_HOLDING_DAMAGED)->error, "");
	again();
	inventory();
	ck_assert(lab_told(&a, 1, cairn_HoldingState_HOLDING_DAMAGED));
	/* Made good: by the next look it is known. */
	lab_damage(&a, 1, v[_i].file, _i == 6 ? LAB_RUN / 8 : v[_i].at);
	lab_forget(&a);
	cr_store_check(a.s, LAB_JOB, 0, 1);
	lab_wait(&a, 1, cairn_HoldingState_HOLDING_COMPLETE);
	ck_assert(!lab_there(&a, ".000001.damaged"));
}
END_TEST

/* What a user may plant in his folder. */
START_TEST(test_planted)
{
	struct lab_content c = lab_content(3, 1);
	char command[512];

	lab_write(&a, 1, &c, NULL);
	lab_write(&a, 2, &c, NULL);
	snprintf(command, sizeof(command),
		 "cd %s/job.%d/0 && rm 000001/manifest && mkfifo 000001/manifest && "
		 "rm 000002/pages.pack && mkfifo 000002/pages.pack && ln -s /etc 000003 && "
		 "ln -s /etc/passwd .000004.damaged && ln -s / .000005.part && mkfifo 000006",
		 a.dir, LAB_JOB);
	ck_assert(!system(command));
	inventory();
	ck_assert(lab_told(&a, 1, cairn_HoldingState_HOLDING_DAMAGED));
	ck_assert(lab_told(&a, 2, cairn_HoldingState_HOLDING_DAMAGED));
	ck_assert(!lab_told(&a, 3, cairn_HoldingState_HOLDING_COMPLETE));
	cr_store_drop(a.s, LAB_JOB, 0, 0);
	lab_run_ms(200);
	ck_assert(!access("/etc/passwd", F_OK));
}
END_TEST

TCase *unit_store_keep(void)
{
	TCase *c = tcase_create("store_keep");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_names);
	tcase_add_test(c, test_id);
	tcase_add_test(c, test_inventory);
	tcase_add_loop_test(c, test_drop, 0, 2);
	tcase_add_test(c, test_mended);
	tcase_add_loop_test(c, test_damage, 0, 8);
	tcase_add_test(c, test_planted);
	return c;
}
