// SPDX-License-Identifier: Apache-2.0
//
// Where members go and why not; and how sure the failure detector is.
#include "coordinator/placement.h"

#include "coordinator/detector.h"
#include "unit.h"

#define MS 1000000ll

static const struct cr_place_label gpu[] = { { "gpu", "yes" } };
static const struct cr_place_label spare[] = { { "spare", "yes" } };

static struct cr_place_node node(const char *name)
{
	return (struct cr_place_node){
		.name = name, .up = true, .privileged = true, .store_free = 1000
	};
}

START_TEST(test_choice)
{
	struct cr_place_node nodes[] = { node("n1"), node("n2"), node("n3"), node("n4") };
	unsigned int at2[] = { 2 };
	struct cr_place_member members[3] = { 0 };
	struct cr_place_job job = { .uid = 5, .members = members, .n_members = 3 };
	unsigned int where[3];
	char why[CR_PLACE_WHY];

	/* Evenly, the emptiest first, the spare never. */
	nodes[0].members = 2;
	nodes[3].labels = spare;
	nodes[3].n_labels = 1;
	ck_assert(cr_place(nodes, 4, &job, where, why));
	ck_assert_uint_eq(where[0], 1);
	ck_assert_uint_eq(where[1], 2);
	ck_assert_uint_eq(where[2], 0);
	ck_assert_str_eq(why, "");
	/* Where the image is before where it was; one node by name; spares at last. */
	members[0].images = at2;
	members[0].n_images = 1;
	members[0].before = "n2";
	members[1].before = "n1";
	members[2].only = "n2";
	ck_assert(cr_place(nodes, 4, &job, where, why));
	ck_assert_uint_eq(where[0], 2);
	ck_assert_uint_eq(where[1], 0);
	ck_assert_uint_eq(where[2], 1);
	job.spread = job.recovery = true;
	nodes[0].up = false;
	ck_assert(cr_place(nodes, 4, &job, where, why));
	ck_assert_uint_eq(where[1], 3);
}
END_TEST

static void refused(const struct cr_place_node *nodes, size_t n, const struct cr_place_job *job,
		    const char *words)
{
	unsigned int where[8];
	char why[CR_PLACE_WHY];

	ck_assert(!cr_place(nodes, n, job, where, why));
	ck_assert_str_eq(why, words);
}

START_TEST(test_why)
{
	struct cr_place_node nodes[] = { node("n1"), node("n2"), node("n3") };
	struct cr_place_member members[3] = { 0 };
	struct cr_place_job job = {
		.uid = 5, .members = members, .n_members = 1, .labels = gpu, .n_labels = 1
	};

	nodes[2].draining = true;
	refused(nodes, 3, &job, "n3 is draining, 2 of 3 nodes lack the label gpu=yes");
	nodes[2].draining = false;
	refused(nodes, 3, &job, "all 3 nodes lack the label gpu=yes");
	refused(nodes, 0, &job, "no node is known");
	job.n_labels = 0;
	nodes[0].privileged = false;
	nodes[1].up = false;
	nodes[2].store_free = 5;
	job.store_needed = 6;
	refused(nodes, 3, &job,
		"n2 is not connected, n1 runs another user's jobs only, "
		"n3 has no room in its store");
	nodes[0].uid = 5;
	job.spread = true;
	job.n_members = 2;
	refused(nodes, 3, &job,
		"2 members want a node each and 1 fits: n2 is not connected, "
		"n3 has no room in its store");
	job.n_members = 3;
	job.store_needed = 0;
	nodes[1].up = true;
	members[2].only = "n9";
	refused(nodes, 3, &job, "there is no node n9");
	members[2].only = "n1";
	nodes[0].excluded = true;
	refused(nodes, 3, &job, "n1 has just failed");
}
END_TEST

START_TEST(test_thousand)
{
	static struct cr_place_node nodes[1000];
	static struct cr_place_member members[1000];
	static unsigned int where[1000], count[1000];
	struct cr_place_job job = { .members = members, .n_members = 1000, .spread = true };
	char why[CR_PLACE_WHY];

	for (unsigned int i = 0; i < 1000; i++)
		nodes[i] = node("n");
	ck_assert(cr_place(nodes, 1000, &job, where, why));
	for (unsigned int i = 0; i < 1000; i++)
		ck_assert_uint_eq(++count[where[i]], 1);
}
END_TEST

START_TEST(test_detector)
{
	struct cr_detector d;
	int64_t t = 0;
	double before = 0;

	cr_detector_begin(&d, 250 * MS, t);
	for (unsigned int i = 0; i < 300; i++) {
		t += (i % 3 ? 240 : 270) * MS;
		cr_detector_heard(&d, t);
		ck_assert(cr_detector_phi(&d, t) == 0);
	}
	/* One lost heartbeat is nothing; a second of silence is suspect; and it only grows. */
	ck_assert_double_lt(cr_detector_phi(&d, t + 500 * MS), 1.0);
	ck_assert_double_gt(cr_detector_phi(&d, t + 1000 * MS), CR_DETECTOR_SUSPECT);
	for (int64_t later = 0; later < 100000; later += 50) {
		double phi = cr_detector_phi(&d, t + later * MS);

		ck_assert(phi >= before);
		before = phi;
	}
	ck_assert(before == 300);
	/* Irregular ones make it patient. */
	for (unsigned int i = 0; i < 100; i++) {
		t += (i % 2 ? 50 : 1500) * MS;
		cr_detector_heard(&d, t);
	}
	ck_assert_double_lt(cr_detector_phi(&d, t + 1500 * MS), 2.0);
}
END_TEST

/* A job that CRIU saves goes where its user has one. */
START_TEST(test_criu)
{
	struct cr_place_node nodes[] = { node("n1"), node("n2") };
	struct cr_place_member member = { .before = "n1" };
	struct cr_place_job job = { .uid = 5, .criu = true, .members = &member, .n_members = 1 };
	unsigned int where[1];
	char why[CR_PLACE_WHY];

	refused(nodes, 2, &job, "all 2 nodes have no CRIU for this user");
	nodes[1].criu = true;
	ck_assert(cr_place(nodes, 2, &job, where, why));
	ck_assert_uint_eq(where[0], 1);
	nodes[1].draining = true;
	refused(nodes, 2, &job, "n2 is draining, n1 has no CRIU for this user");
}
END_TEST

TCase *unit_placement(void)
{
	TCase *t = tcase_create("placement");

	tcase_add_test(t, test_choice);
	tcase_add_test(t, test_criu);
	tcase_add_test(t, test_why);
	tcase_add_test(t, test_thousand);
	tcase_add_test(t, test_detector);
	return t;
}
