// SPDX-License-Identifier: Apache-2.0
//
// Which jobs leave nodes before these fail: when a trend is believed, which job goes where; and
// minutes of a cluster in little time, in which no job may go back and forth.
#include "coordinator/evacuate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static unsigned int seed;

/* From -1 to 1. */
static double noise(void)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8 & 0xffff) / 32768.0 - 1;
}

/* ---- options ---- */

START_TEST(policy)
{
	struct cr_evac_policy p = { .margin = 0.1 };
	struct cr_err err = { 0 };

	ck_assert_int_eq(cr_evac_parse("cpu=95%/1m,mem=0.9,latency=500ms/10s,full=2m", &p, &err),
			 0);
	ck_assert(p.any);
	ck_assert_double_eq_tol(p.of[CR_EVAC_CPU].limit, 0.95, 1e-9);
	ck_assert_double_eq_tol(p.of[CR_EVAC_CPU].seconds, 60, 1e-9);
	ck_assert_double_eq_tol(p.of[CR_EVAC_MEMORY].seconds, 30, 1e-9);
	ck_assert_double_eq_tol(p.of[CR_EVAC_LATENCY].limit, 0.5, 1e-9);
	ck_assert_double_eq_tol(p.full_s, 120, 1e-9);
	ck_assert_double_eq_tol(cr_evac_place_limit(&p, CR_EVAC_CPU), 0.855, 1e-9);
	/* Nobody has said so, but a full store is no place for a job. */
	ck_assert_double_eq_tol(cr_evac_place_limit(&p, CR_EVAC_STORE), 0.95, 1e-9);
	ck_assert(isinf(cr_evac_place_limit(&p, CR_EVAC_PSI_IO)));
}
END_TEST

START_TEST(no_policy)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "cpu", "'cpu' is no limit" },
		{ "heat=0.5/10s", "'heat' cannot be watched" },
		{ "cpu=1.5/10s", "a limit above 0 up to 1" },
		{ "cpu=0/10s", "a limit above 0" },
		{ "cpu=x", "a limit above 0" },
		{ "mem=0.9/0.5s", "a time from 1s to 1h" },
		{ "mem=0.9/10parsec", "a time from 1s to 1h" },
		{ "latency=2m", "60s" },
		{ "full=0.1", "the time until it is full" },
	};
	struct cr_evac_policy p;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(wrong); i++) {
		struct cr_err err = { 0 };

		ck_assert_int_lt(cr_evac_parse(wrong[i].text, &p, &err), 0);
		ck_assert_msg(strstr(err.text, wrong[i].words), "%s: %s", wrong[i].text, err.text);
	}
}
END_TEST

/* ---- trends ---- */

#define POINTS 60

enum kind { LEAK, FLAT, WANDER, SAW, STEP };

/* What is left, of 1000, over a minute; the leak began before that. */
static void series(enum kind kind, struct cr_trend_point p[POINTS])
{
	double at = 500;
	int i;

	for (i = 0; i < POINTS; i++) {
		p[i].at_s = i;
		at += kind == WANDER ? 5 * noise() : 0;
		p[i].value = kind == LEAK   ? 1000 - (i + 30) * 8 + 20 * noise() :
			     kind == FLAT   ? 500 + 20 * noise() :
			     kind == WANDER ? at :
			     kind == SAW    ? 500 - i % 20 * 15 + noise() :
					      (i < 40 ? 500 : 300) + noise();
	}
}

START_TEST(trends)
{
	struct cr_trend_point p[POINTS];
	struct cr_trend_left l;
	struct cr_trend t;
	int i, wrong = 0;

	for (seed = 1; seed < 100 * 65536; seed += 65536) {
		unsigned int of = seed;

		series(LEAK, p);
		ck_assert(cr_trend_fit(p, POINTS, &t));
		l = cr_trend_left(&t);
		/* 1000 - 89 × 8 are left, at 8 a second. */
		ck_assert_double_eq_tol(l.likely, 36, 4);
		ck_assert(l.least < l.likely && l.likely < l.most && l.most < 45);
		ck_assert_double_gt(l.r2, 0.97);
		/* What falls and rises again, by however much, will not be full within a minute. */
		for (i = FLAT; i <= STEP; i++) {
			series(i, p);
			ck_assert(cr_trend_fit(p, POINTS, &t));
			l = cr_trend_left(&t);
			ck_assert(isinf(l.most) || l.most > 60 || i == WANDER);
			wrong += l.most <= 60;
		}
		seed = of;
	}
	ck_assert_int_eq(wrong, 0);
	ck_assert(!cr_trend_fit(p, 5, &t));
	for (i = 0; i < POINTS; i++)
		p[i] = (struct cr_trend_point){ 3, i };
	ck_assert(!cr_trend_fit(p, POINTS, &t));
	/* Without any noise: there is no doubt. */
	for (i = 0; i < POINTS; i++)
		p[i] = (struct cr_trend_point){ i, 1e12 - 1e9 * i };
	ck_assert(cr_trend_fit(p, POINTS, &t));
	l = cr_trend_left(&t);
	ck_assert_double_eq_tol(l.likely, 941, 0.1);
	ck_assert_double_eq_tol(l.most, 941, 0.1);
}
END_TEST

/* ---- choices ---- */

#define NODES 4
#define JOBS 8
#define GIB 1073741824.0

static struct cr_evac_policy p;
static struct cr_evac_watch watches[NODES];
static struct cr_evac_node nodes[NODES];
static struct cr_evac_job jobs[JOBS];
static bool image_at[JOBS][NODES], banned[JOBS][NODES];
static struct cr_evac_cluster c;
static char why[CR_EVAC_WHY];

static bool fits(const void *arg, size_t job, size_t node)
{
	return !banned[job][node];
}

static bool has_image(const void *arg, size_t job, size_t node)
{
	return image_at[job][node];
}

static void begin(void)
{
	static const char *const names[NODES] = { "n0", "n1", "n2", "n3" };
	static const char *const job_names[JOBS] = {
		"j0", "j1", "j2", "j3", "j4", "j5", "j6", "j7"
	};
	struct cr_err err = { 0 };
	size_t i, m;

	p = (struct cr_evac_policy){ .margin = 0.1, .cooldown_s = 300, .window_s = 60 };
	ck_assert_int_eq(cr_evac_parse("cpu=0.95/30s,mem=0.95/10s,full=1m", &p, &err), 0);
	memset(watches, 0, sizeof(watches));
	memset(image_at, 0, sizeof(image_at));
	memset(banned, 0, sizeof(banned));
	c = (struct cr_evac_cluster){ &p, nodes, NODES, jobs, JOBS, fits, has_image, NULL };
	for (i = 0; i < NODES; i++) {
		nodes[i] = (struct cr_evac_node){ .name = names[i],
						  .takes = true,
						  .cpus = 4,
						  .memory_bytes = 16 * GIB,
						  .store_bytes = 100 * GIB,
						  .watch = &watches[i] };
		for (m = 0; m < CR_EVAC_MEASURES; m++)
			nodes[i].value[m] = NAN;
		nodes[i].value[CR_EVAC_CPU] = nodes[i].value[CR_EVAC_MEMORY] = 0.3;
		for (m = 0; m < CR_EVAC_ROOMS; m++)
			nodes[i].left[m] =
				(struct cr_trend_left){ INFINITY, INFINITY, INFINITY, 0 };
	}
	for (i = 0; i < JOBS; i++)
		jobs[i] = (struct cr_evac_job){ .name = job_names[i],
						.node = i < 3 ? 0 : 3,
						.members = 1,
						.image_bytes = GIB,
						.memory_bytes = GIB,
						.cpus = 0.5,
						.checkpoint_age_s = 10,
						.wall_s = 1,
						.moved_s = INFINITY };
}

/* Looks each second from now on; when it is due, or 0. */
static int64_t due_within(size_t node, int seconds, struct cr_evac_reason *r)
{
	int64_t now;

	for (now = 1000; now <= seconds * 1000; now += 1000) {
		cr_evac_look(&c, node, now);
		if (cr_evac_due(&c, node, now, r))
			return now;
	}
	return 0;
}

START_TEST(due)
{
	struct cr_evac_reason r;

	ck_assert_int_eq(due_within(0, 100, &r), 0);
	nodes[0].value[CR_EVAC_CPU] = 0.97;
	ck_assert_int_eq(due_within(0, 100, &r), 31000);
	ck_assert_str_eq(r.text, "cpu 0.97 above 0.95 for 30 s");
	/* A dip of two seconds is none, one of four is. */
	watches[0] = (struct cr_evac_watch){ 0 };
	cr_evac_look(&c, 0, 1000);
	nodes[0].value[CR_EVAC_CPU] = 0.5;
	cr_evac_look(&c, 0, 20000);
	cr_evac_look(&c, 0, 22000);
	ck_assert_int_ne(watches[0].above[CR_EVAC_CPU], 0);
	cr_evac_look(&c, 0, 24000);
	ck_assert_int_eq(watches[0].above[CR_EVAC_CPU], 0);
	/* The trend: the least that is certain counts, three seconds on end. */
	nodes[0].left[CR_EVAC_ROOM_MEMORY] = (struct cr_trend_left){ 50, 40, 70, 0.9 };
	ck_assert_int_eq(due_within(0, 100, &r), 0);
	nodes[0].left[CR_EVAC_ROOM_MEMORY] = (struct cr_trend_left){ 50, 45, 55, 0.99 };
	ck_assert_int_eq(due_within(0, 100, &r), 4000);
	ck_assert(r.trend && r.room == CR_EVAC_ROOM_MEMORY);
	ck_assert_str_eq(r.text, "memory full in 50 s (45 to 55, r2 0.99), within 60 s");
	/* A checkpoint that takes 40 s needs more. */
	watches[0] = (struct cr_evac_watch){ 0 };
	nodes[0].left[CR_EVAC_ROOM_MEMORY] = (struct cr_trend_left){ 80, 75, 85, 0.99 };
	ck_assert_int_eq(due_within(0, 100, &r), 0);
	jobs[1].wall_s = 40;
	ck_assert_int_eq(due_within(0, 100, &r), 4000);
}
END_TEST

/* Who goes where, as "j1 n2"; "" for nobody. */
static const char *choice(void)
{
	struct cr_evac_reason r = { .measure = CR_EVAC_MEMORY, .text = "mem" };
	static char text[32];
	size_t job, target;

	*text = 0;
	if (cr_evac_choose(&c, 0, 1000000, &r, &job, &target, why))
		snprintf(text, sizeof(text), "%s %s", jobs[job].name, nodes[target].name);
	return text;
}

START_TEST(choices)
{
	nodes[0].value[CR_EVAC_MEMORY] = 0.97;
	nodes[2].value[CR_EVAC_CPU] = 0.1;
	nodes[2].value[CR_EVAC_MEMORY] = 0.1;
	/* All alike: the first, to the emptiest. */
	ck_assert_str_eq(choice(), "j0 n2");
	/* The one with the newer checkpoint; the smaller; with a replica, and there; alone. */
	jobs[2].checkpoint_age_s = 1;
	ck_assert_str_eq(choice(), "j2 n2");
	jobs[1].image_bytes = GIB / 4;
	ck_assert_str_eq(choice(), "j1 n2");
	image_at[0][1] = true;
	ck_assert_str_eq(choice(), "j0 n1");
	ck_assert_ptr_nonnull(strstr(why, "which is there"));
	jobs[0].members = 2;
	ck_assert_str_eq(choice(), "j1 n2");
	/* What has next to no memory is no help. */
	jobs[1].memory_bytes = GIB / 100;
	ck_assert_str_eq(choice(), "j2 n2");
	/* Not where it may not run, and what can go nowhere last. */
	banned[2][1] = banned[2][2] = banned[2][3] = true;
	ck_assert_str_eq(choice(), "j0 n1");
	jobs[0].busy = "does not run now";
	ck_assert_str_eq(choice(), "j1 n2");
	jobs[1].moved_s = 100;
	ck_assert_str_eq(choice(), "");
	ck_assert_str_eq(why,
			 "mem: j0 does not run now, j1 was moved 100 s ago and stays for 200 s, "
			 "j2 may run on no other node that has room");
}
END_TEST

START_TEST(no_place)
{
	size_t i;

	nodes[0].value[CR_EVAC_MEMORY] = 0.97;
	/* 0.82 + 1 of 16 is above 0.855. */
	for (i = 1; i < NODES; i++)
		nodes[i].value[CR_EVAC_MEMORY] = 0.82;
	ck_assert_str_eq(choice(), "");
	ck_assert_ptr_nonnull(strstr(why, "j0 fits on no other node (on n1 mem would be 0.88, at "
					  "most 0.85), j1 fits"));
	nodes[3].value[CR_EVAC_MEMORY] = 0.78;
	ck_assert_str_eq(choice(), "j0 n3");
	/* Another is on its way there. */
	nodes[3].coming_memory = GIB;
	ck_assert_str_eq(choice(), "");
	nodes[3].coming_memory = 0;
	/* CPUs count, too: 0.8 + 0.5 of 4. */
	nodes[3].value[CR_EVAC_CPU] = 0.8;
	ck_assert_str_eq(choice(), "");
	nodes[3].value[CR_EVAC_CPU] = 0.3;
	/* Its store has no room for the image. */
	nodes[3].value[CR_EVAC_STORE] = 0.945;
	ck_assert_str_eq(choice(), "");
	image_at[0][3] = true;
	ck_assert_str_eq(choice(), "j0 n3");
	/* It is filling up itself. */
	nodes[3].left[CR_EVAC_ROOM_STORE].most = 100;
	ck_assert_str_eq(choice(), "");
	nodes[3].left[CR_EVAC_ROOM_STORE].most = 200;
	/* Jobs had to leave it. */
	watches[3].left_ms = 900000;
	ck_assert_str_eq(choice(), "");
	watches[3].left_ms = 600000;
	ck_assert_str_eq(choice(), "j0 n3");
	nodes[3].takes = false;
	ck_assert_str_eq(choice(), "");
}
END_TEST

/* ---- a cluster over time ---- */

#define MOVING_S 5

static double base_load[NODES]; /* of what is no job */
static int64_t moved_ms[JOBS], arrives_ms[JOBS];
static size_t moving_to[JOBS];
static unsigned int moves;

static void set_values(int64_t now)
{
	double used[NODES];
	size_t i;

	for (i = 0; i < NODES; i++) {
		used[i] = base_load[i] + 0.02 * noise();
		nodes[i].coming_cpus = 0;
	}
	for (i = 0; i < JOBS; i++) {
		if (arrives_ms[i] && now >= arrives_ms[i]) {
			arrives_ms[i] = 0;
			jobs[i].node = moving_to[i];
		}
		jobs[i].busy = arrives_ms[i] ? "is being moved" : NULL;
		jobs[i].moved_s = moved_ms[i] ? (now - moved_ms[i]) / 1e3 : INFINITY;
		if (arrives_ms[i])
			nodes[moving_to[i]].coming_cpus += jobs[i].cpus;
		else
			used[jobs[i].node] += jobs[i].cpus / nodes[jobs[i].node].cpus;
	}
	for (i = 0; i < NODES; i++)
		nodes[i].value[CR_EVAC_CPU] = used[i] > 1 ? 1 : used[i] < 0 ? 0 : used[i];
}

static bool leaving(size_t node)
{
	for (size_t i = 0; i < JOBS; i++)
		if (arrives_ms[i] && jobs[i].node == node)
			return true;
	return false;
}

static void one_second(int64_t now)
{
	struct cr_evac_reason r;
	size_t i, job, target;

	set_values(now);
	for (i = 0; i < NODES; i++) {
		cr_evac_look(&c, i, now);
		if (!cr_evac_due(&c, i, now, &r) || leaving(i) ||
		    !cr_evac_choose(&c, i, now, &r, &job, &target, why))
			continue;
		/* Never back before the cooldown is over, and never within it again. */
		ck_assert(!moved_ms[job] || now - moved_ms[job] >= p.cooldown_s * 1000);
		moving_to[job] = target;
		arrives_ms[job] = now + MOVING_S * 1000;
		moved_ms[job] = now;
		moves++;
		cr_evac_left(&watches[i], now);
		set_values(now);
	}
}

static void simulate(int seconds, void (*change)(int64_t now))
{
	int64_t now;

	memset(moved_ms, 0, sizeof(moved_ms));
	memset(arrives_ms, 0, sizeof(arrives_ms));
	moves = 0;
	for (now = 1000; now <= seconds * 1000ll; now += 1000) {
		if (change)
			change(now);
		one_second(now);
	}
}

/* Two nodes, both at their limit, for twenty minutes: nothing is to be gained. */
START_TEST(both_at_limit)
{
	size_t i;

	for (seed = 1; seed < 20; seed++) {
		c.n_nodes = 2;
		for (i = 0; i < JOBS; i++)
			jobs[i].node = i % 2;
		base_load[0] = 0.5;
		base_load[1] = 0.47;
		simulate(1200, NULL);
		ck_assert_uint_eq(moves, 0);
	}
}
END_TEST

/* One is above, the other has room for some: so many go, and then there is rest. */
START_TEST(one_overloaded)
{
	size_t i;

	for (seed = 1; seed < 20; seed++) {
		begin();
		c.n_nodes = 2;
		for (i = 0; i < JOBS; i++)
			jobs[i].node = i >= 6;
		base_load[0] = 0.3;
		base_load[1] = 0.2;
		simulate(1200, NULL);
		/* 0.3 + 6/8 is 1.05: one less is 0.925. */
		ck_assert_uint_ge(moves, 1);
		ck_assert_uint_le(moves, 2);
		ck_assert_double_lt(nodes[0].value[CR_EVAC_CPU], 0.95);
		ck_assert_double_lt(nodes[1].value[CR_EVAC_CPU], 0.9);
	}
}
END_TEST

/* The worst that can come: whoever is left is idle, and who has taken a job is busy. */
static void tease(int64_t now)
{
	int64_t part = now / 100000 % 2;

	base_load[0] = part ? 0.9 : 0.1;
	base_load[1] = part ? 0.1 : 0.9;
}

static unsigned int tease_for(int seconds, double cooldown_s)
{
	size_t i;

	begin();
	c.n_nodes = 2;
	p.cooldown_s = cooldown_s;
	for (i = 0; i < JOBS; i++)
		jobs[i].node = i % 2;
	simulate(seconds, tease);
	return moves;
}

START_TEST(teased)
{
	unsigned int with, without;

	for (seed = 1; seed < 20; seed++) {
		with = tease_for(3000, 300);
		without = tease_for(3000, 0);
		/* Away from one node in a cooldown, as many as it takes; none comes back in it. */
		ck_assert_uint_le(with, 3000 / 300 * 3);
		ck_assert_uint_gt(without, 2 * with);
	}
}
END_TEST

TCase *unit_evacuate(void)
{
	TCase *t = tcase_create("evacuate");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, policy);
	tcase_add_test(t, no_policy);
	tcase_add_test(t, trends);
	tcase_add_test(t, due);
	tcase_add_test(t, choices);
	tcase_add_test(t, no_place);
	tcase_add_test(t, both_at_limit);
	tcase_add_test(t, one_overloaded);
	tcase_add_test(t, teased);
	return t;
}
