// SPDX-License-Identifier: Apache-2.0
//
// The driver of operations: in which order stages run, meet and are undone.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shepherd/stages.h"
#include "unit.h"

static char said[256];
static int result_of_b, result_of_meet;
static bool with_c;

static int say(const char *what, int ret)
{
	strcat(said, what);
	return ret;
}

static int a(void *of)
{
	return say("a", 0);
}

static int b(void *of)
{
	return say("b", result_of_b);
}

static int c(void *of)
{
	return say("c", 0);
}

static void undo_a(void *of)
{
	say("A", 0);
}

static void undo_b(void *of)
{
	say("B", 0);
}

static void undo_c(void *of)
{
	say("C", 0);
}

static bool is_with_c(const void *of)
{
	return with_c;
}

static int meet(void *of, cairn_Step barrier)
{
	say("<", 0);
	say(barrier == cairn_Step_STEP_SAVED ? "met" : "?", 0);
	return say(">", result_of_meet);
}

static const struct cr_stage first[] = {
	{ "one", a, .undo = undo_a },
	{ 0 },
};

static const struct cr_stage then[] = {
	{ "two", b, .undo = undo_b, .barrier = cairn_Step_STEP_SAVED },
	{ "three", c, .undo = undo_c, .when = is_with_c },
	{ "four", .run = NULL, .settles = { undo_b } },
	{ 0 },
};

static struct cr_stages begin(void)
{
	struct cr_stages s = { .meet = meet };

	said[0] = 0;
	result_of_b = result_of_meet = 0;
	with_c = true;
	cr_stages_add(&s, first);
	cr_stages_add(&s, then);
	return s;
}

START_TEST(order)
{
	struct cr_stages s = begin();

	ck_assert_str_eq(cr_stages_name(&s), "one");
	ck_assert_int_eq(cr_stages_run(&s), 0);
	/* What a stage settles is undone there, and not again. */
	ck_assert_str_eq(said, "ab<met>cB");
	ck_assert_str_eq(cr_stages_name(&s), "running");
	cr_stages_undo(&s);
	ck_assert_str_eq(said, "ab<met>cBCA");
	cr_stages_undo(&s);
	cr_stages_settle(&s, undo_a);
	ck_assert_str_eq(said, "ab<met>cBCA");
}
END_TEST

START_TEST(left_out)
{
	struct cr_stages s = begin();

	with_c = false;
	ck_assert_int_eq(cr_stages_run(&s), 0);
	cr_stages_undo(&s);
	ck_assert_str_eq(said, "ab<met>BA");
	ck_assert_int_eq(s.took_ns[2], 0);
}
END_TEST

START_TEST(failure)
{
	struct cr_stages s = begin();

	/* Whatever a stage has begun is undone, that of the one that failed too. */
	result_of_b = -EIO;
	ck_assert_int_eq(cr_stages_run(&s), -EIO);
	ck_assert_str_eq(said, "ab");
	ck_assert_str_eq(cr_stages_name(&s), "two");
	cr_stages_undo(&s);
	ck_assert_str_eq(said, "abBA");
	s = begin();
	result_of_meet = -EPIPE;
	ck_assert_int_eq(cr_stages_run(&s), -EPIPE);
	cr_stages_undo(&s);
	ck_assert_str_eq(said, "ab<met>BA");
}
END_TEST

START_TEST(later)
{
	struct cr_stages s = begin();

	result_of_b = CR_LATER;
	ck_assert_int_eq(cr_stages_run(&s), CR_LATER);
	ck_assert_str_eq(said, "ab");
	ck_assert_str_eq(cr_stages_name(&s), "two");
	ck_assert_int_gt(cr_stages_took(&s, 1), 0);
	/* Nobody is met before it is through. */
	ck_assert_int_eq(cr_stages_done(&s, 0), 0);
	ck_assert_str_eq(said, "ab<met>cB");
	ck_assert_int_gt(s.took_ns[1], 0);
	s = begin();
	result_of_b = CR_LATER;
	ck_assert_int_eq(cr_stages_run(&s), CR_LATER);
	ck_assert_int_eq(cr_stages_done(&s, -EIO), -EIO);
	cr_stages_undo(&s);
	ck_assert_str_eq(said, "abBA");
}
END_TEST

START_TEST(traced)
{
	static const struct {
		const char *value;
		bool stages;
	} all[] = {
		{ "stages", true }, { "a,stages", true }, { "stages,b", true },
		{ "", false },	    { "stagesx", false }, { "mystages", false },
	};
	size_t i;

	unsetenv("CR_TRACE");
	ck_assert(!cr_stages_traced());
	for (i = 0; i < CR_ARRAY_SIZE(all); i++) {
		setenv("CR_TRACE", all[i].value, 1);
		ck_assert_msg(cr_stages_traced() == all[i].stages, "%s", all[i].value);
	}
	unsetenv("CR_TRACE");
}
END_TEST

TCase *unit_stages(void)
{
	TCase *tc = tcase_create("stages");

	tcase_add_test(tc, order);
	tcase_add_test(tc, left_out);
	tcase_add_test(tc, failure);
	tcase_add_test(tc, later);
	tcase_add_test(tc, traced);
	return tc;
}
