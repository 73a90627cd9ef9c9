// SPDX-License-Identifier: Apache-2.0
//
// What clouds say when they take a machine back, and what is done in the time that is left.
#include <check.h>

#include "coordinator/deadline.h"
#include "node/notice_text.h"
#include "reconcile.h"

#define NOW 1000000000000ll
#define AT 1505722920000ll /* 2017-09-18T08:22:00Z */

START_TEST(aws)
{
	struct cr_notice n;

	ck_assert(cr_notice_aws("{\"action\": \"terminate\", \"time\": \"2017-09-18T08:22:00Z\"}",
				NOW, &n));
	ck_assert_int_eq(n.at_ms, AT);
	ck_assert_str_eq(n.what, "AWS: terminate");
	ck_assert(cr_notice_aws("{\"action\": \"stop\", \"time\": \"soon\"}", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW + 120000);
	ck_assert(!cr_notice_aws("{\"action\": \"none\"}", NOW, &n));
	ck_assert(!cr_notice_aws("{\"action\": 3}", NOW, &n));
	ck_assert(!cr_notice_aws("[1, 2]", NOW, &n));
	ck_assert(!cr_notice_aws("<html>", NOW, &n));
	ck_assert(!cr_notice_aws("", NOW, &n));
}
END_TEST

START_TEST(gcp)
{
	struct cr_notice n;

	ck_assert(cr_notice_gcp("TRUE\n", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW + 30000);
	ck_assert(!cr_notice_gcp("FALSE", NOW, &n));
	ck_assert(!cr_notice_gcp("TRUEST", NOW, &n));
	ck_assert(!cr_notice_gcp("", NOW, &n));
}
END_TEST

#define EVENT(type, who, when) \
	"{\"EventType\":\"" type "\",\"Resources\":[" who "],\"NotBefore\":\"" when "\"}"
#define EVENTS(list) "{\"DocumentIncarnation\":1,\"Events\":[" list "]}"

START_TEST(azure)
{
	static const char two[] =
		EVENTS(EVENT("Terminate", "\"b\",\"A\"", "Mon, 18 Sep 2017 08:22:10 GMT") "," EVENT(
			"Preempt", "\"a\"", "Mon, 18 Sep 2017 08:22:00 GMT"));
	struct cr_notice n;

	ck_assert(cr_notice_azure(two, "a", NOW, &n));
	ck_assert_int_eq(n.at_ms, AT);
	ck_assert_str_eq(n.what, "Azure: Preempt");
	ck_assert(cr_notice_azure(two, "B", NOW, &n));
	ck_assert_int_eq(n.at_ms, AT + 10000);
	ck_assert(!cr_notice_azure(two, "c", NOW, &n));
	/* Nobody knows who we are. */
	ck_assert(cr_notice_azure(two, "", NOW, &n));
	/* It has begun. */
	ck_assert(cr_notice_azure(EVENTS(EVENT("Reboot", "\"a\"", "")), "a", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW);
	ck_assert(!cr_notice_azure(EVENTS(EVENT("Freeze", "\"a\"", "")), "a", NOW, &n));
	ck_assert(!cr_notice_azure(EVENTS(""), "a", NOW, &n));
	ck_assert(!cr_notice_azure("{\"Events\":{}}", "a", NOW, &n));
	ck_assert(!cr_notice_azure("{\"Events\":[3,null,\"x\"]}", "a", NOW, &n));
	ck_assert(!cr_notice_azure("nonsense", "a", NOW, &n));
}
END_TEST

START_TEST(file)
{
	struct cr_notice n;

	ck_assert(cr_notice_file("90\n", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW + 90000);
	ck_assert(cr_notice_file("2017-09-18T08:22:00Z\n", NOW, &n));
	ck_assert_int_eq(n.at_ms, AT);
	ck_assert(cr_notice_file("", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW + 30000);
	ck_assert(cr_notice_file("soon", NOW, &n));
	ck_assert_int_eq(n.at_ms, NOW + 30000);
}
END_TEST

START_TEST(in_time)
{
	struct cr_deadline_job jobs[4] = {
		{ .need_s = 20 }, { .need_s = 1 }, { .need_s = 5, .moves = true }, { .need_s = 3 }
	};

	/* The quick ones behind the one that is at it; 5 + 1 + 3 of 10, and a tenth is spare. */
	cr_deadline_plan(jobs, 4, 10);
	ck_assert_uint_eq(jobs[2].place, 0);
	ck_assert_uint_eq(jobs[1].place, 1);
	ck_assert_uint_eq(jobs[3].place, 2);
	ck_assert_uint_eq(jobs[0].place, 3);
	ck_assert(jobs[1].fits && jobs[2].fits && jobs[3].fits && !jobs[0].fits);
	cr_deadline_plan(jobs, 4, 9.9);
	ck_assert(jobs[1].fits && jobs[2].fits && !jobs[3].fits);
	cr_deadline_plan(jobs, 4, -1);
	ck_assert(!jobs[2].fits);
	cr_deadline_plan(jobs, 0, 5);
}
END_TEST

TCase *notice_tests(void)
{
	TCase *t = tcase_create("notice");

	tcase_add_test(t, aws);
	tcase_add_test(t, gcp);
	tcase_add_test(t, azure);
	tcase_add_test(t, file);
	tcase_add_test(t, in_time);
	return t;
}
