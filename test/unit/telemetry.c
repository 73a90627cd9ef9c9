// SPDX-License-Identifier: Apache-2.0
//
// How nodes fare: what is read of a host, here of a folder with files as those of proc and sys; and
// the coordinator's history of it.
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/io.h"
#include "coordinator/telemetry.h"
#include "node/gauges.h"
#include "reconcile.h"

static char folder[64];
static int root;

static void put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *path, const char *format, ...)
{
	char full[256];
	va_list args;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	*strrchr(full, '/') = 0;
	ck_assert_int_eq(cr_mkdir_p(full, 0755), 0);
	full[strlen(full)] = '/';
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
}

/* All CPUs are alike, so it does not matter which of them this process may use. */
static void put_cpus(unsigned int user, unsigned int idle)
{
	char text[65536];
	int len =
		snprintf(text, sizeof(text), "cpu  %u 0 0 %u 0 0 0 0 0 0\n", user * 64, idle * 64);

	for (int i = 0; i < 64; i++)
		len += snprintf(text + len, sizeof(text) - len, "cpu%d %u 0 0 %u 5 0 0 0 0 0\n", i,
				user, idle);
	put("proc/stat", "%sintr 9 9\nctxt 1\n", text);
}

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/telemetry.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	put_cpus(100, 900);
	put("proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   400 kB\n");
}

static void end(void)
{
	close(root);
	cr_remove_tree(AT_FDCWD, folder);
}

START_TEST(host)
{
	const double hz = sysconf(_SC_CLK_TCK);
	struct cr_gauges a, b;
	cairn_NodeSample s = { 0 };

	put("proc/pressure/cpu", "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\n");
	put("proc/pressure/io", "nonsense\n");
	put("sys/dev/block/8:1/stat", "1 2 100 4 5 6 200 8 9 1000 11\n");
	cr_gauges_read(root, makedev(8, 1), &a);
	/* A quarter of two seconds. */
	put_cpus(100 + hz / 2, 900 + hz * 3 / 2);
	put("sys/dev/block/8:1/stat", "1 2 300 4 5 6 240 8 9 2500 11\n");
	cr_gauges_read(root, makedev(8, 1), &b);
	cr_gauges_sample(&a, &b, 2, &s);
	ck_assert(s.has_cpu_percent && s.has_cpus && s.cpus >= 1);
	ck_assert_double_eq_tol(s.cpu_percent, 25, 0.01);
	ck_assert_uint_eq(s.memory_bytes, 1000 * 1024);
	ck_assert_uint_eq(s.memory_available, 400 * 1024);
	ck_assert(s.has_psi_cpu_percent && s.psi_cpu_percent == 12.5);
	ck_assert(!s.has_psi_io_percent && !s.has_psi_memory_percent);
	ck_assert_double_eq_tol(s.disk_busy_percent, 75, 0.01);
	ck_assert_double_eq_tol(s.disk_read_rate, 200 * 512 / 2, 0.01);
	ck_assert_double_eq_tol(s.disk_write_rate, 40 * 512 / 2, 0.01);
	/* A counter that begins anew tells nothing. */
	cr_gauges_sample(&b, &a, 2, &s);
	ck_assert(!s.has_cpu_percent && !s.has_disk_write_rate);
}
END_TEST

START_TEST(nothing_there)
{
	struct cr_gauges a;
	cairn_NodeSample s = { 0 };

	put("proc/stat", "cpu\n");
	put("proc/meminfo", "Mem");
	put("proc/self/cgroup", "0::/a\n7\n:::\n3:memory\n");
	cr_gauges_read(root, 0, &a);
	cr_gauges_sample(&a, &a, 0, &s);
	ck_assert(!s.has_cpu_percent && !s.has_cpus && !s.has_memory_bytes);
	ck_assert(!s.has_disk_busy_percent && !s.has_psi_cpu_percent);
}
END_TEST

#define V2 "sys/fs/cgroup/"

START_TEST(limits)
{
	struct cr_gauges a, b;
	cairn_NodeSample s = { 0 };

	put("proc/self/cgroup", "0::/slice/unit\n");
	put("proc/pressure/memory", "some avg10=1.00 avg60=1.00 avg300=0.00 total=1\n");
	put(V2 "slice/unit/memory.max", "max\n");
	put(V2 "slice/unit/cpu.max", "max 100000\n");
	put(V2 "slice/memory.max", "%d\n", 500 * 1024);
	put(V2 "slice/memory.current", "%d\n", 450 * 1024);
	put(V2 "slice/memory.stat", "anon 5\ninactive_file %d\n", 50 * 1024);
	put(V2 "slice/memory.pressure", "some avg10=7.00 avg60=1.00 avg300=0.00 total=1\n");
	put(V2 "slice/cpu.max", "50000 100000\n");
	put(V2 "slice/cpu.stat", "usage_usec 1000000\nuser_usec 1\n");
	cr_gauges_read(root, 0, &a);
	put(V2 "slice/cpu.stat", "usage_usec 1800000\nuser_usec 1\n");
	cr_gauges_read(root, 0, &b);
	cr_gauges_sample(&a, &b, 2, &s);
	/* 0.8 of 2 s × half a CPU */
	ck_assert_double_eq_tol(s.cpus, 0.5, 0.001);
	ck_assert_double_eq_tol(s.cpu_percent, 80, 0.01);
	ck_assert_uint_eq(s.memory_bytes, 500 * 1024);
	ck_assert_uint_eq(s.memory_available, 100 * 1024);
	ck_assert_double_eq_tol(s.psi_memory_percent, 7, 0.001);
	/* More is left of the cgroup than of the host. */
	put(V2 "slice/memory.current", "%d\n", 60 * 1024);
	cr_gauges_read(root, 0, &b);
	cr_gauges_sample(&a, &b, 2, &s);
	ck_assert_uint_eq(s.memory_available, 400 * 1024);
}
END_TEST

START_TEST(limits_of_version_1)
{
	struct cr_gauges a;

	put("proc/self/cgroup", "3:cpu,cpuacct:/\n4:memory:/host/path/of/it\n0::/\n");
	/* A container sees its own level as the root, under another path. */
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "%d\n", 300 * 1024);
	put("sys/fs/cgroup/memory/memory.usage_in_bytes", "%d\n", 300 * 1024);
	put("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 10240\n");
	put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "25000\n");
	put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	put("sys/fs/cgroup/cpuacct/cpuacct.usage", "2500000000\n");
	cr_gauges_read(root, 0, &a);
	ck_assert_double_eq_tol(a.cpus, 0.25, 0.001);
	ck_assert_double_eq_tol(a.cpu_used, 2.5, 0.001);
	ck_assert_double_eq_tol(a.memory_available, 10240, 0.1);
	/* No limit. */
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	cr_gauges_read(root, 0, &a);
	ck_assert_double_ge(a.cpus, 1);
	ck_assert_double_eq_tol(a.memory_available, 400 * 1024, 0.1);
}
END_TEST

/* ---- the coordinator's ---- */

struct seen {
	size_t n;
	int64_t last_ms, longest_ms;
	double lowest, highest, worst;
};

static bool see(const cairn_NodeSample *s, void *arg)
{
	struct seen *seen = arg;

	if (seen->n) {
		ck_assert_int_gt(s->at_ms, seen->last_ms);
		if (s->at_ms - seen->last_ms > seen->longest_ms)
			seen->longest_ms = s->at_ms - seen->last_ms;
	}
	seen->last_ms = s->at_ms;
	ck_assert(s->has_cpu_percent);
	if (!seen->n || s->cpu_percent < seen->lowest)
		seen->lowest = s->cpu_percent;
	if (s->cpu_percent > seen->highest)
		seen->highest = s->cpu_percent;
	if (s->loop_late_ms > seen->worst)
		seen->worst = s->loop_late_ms;
	seen->n++;
	return true;
}

START_TEST(history)
{
	struct co_node n = { 0 };
	struct seen all = { 0 }, some = { 0 };
	cairn_NodeSample s = { .has_cpu_percent = true, .has_loop_late_ms = true };
	int64_t t;

	ck_assert_ptr_null(co_telemetry_newest(&n));
	co_telemetry_each(&n, 0, see, &all);
	ck_assert_uint_eq(all.n, 0);
	for (t = 1; t <= 7200; t++) {
		s.cpu_percent = t % 2 ? 20 : 40;
		s.loop_late_ms = t == 6500 ? 77 : 1;
		co_telemetry_add(&n, &s, t * 1000, t * 1000);
		/* Too soon. */
		co_telemetry_add(&n, &s, t * 1000 + 50, t * 1000 + 50);
	}
	co_telemetry_each(&n, 0, see, &all);
	/* Two minutes in full, eighteen and more thinned to one in ten, with the worst of them. */
	ck_assert_uint_gt(all.n, 120 + 100);
	ck_assert_uint_le(all.n, 240);
	ck_assert_int_eq(all.last_ms, 7200000);
	ck_assert_int_le(all.longest_ms, 15000);
	ck_assert_double_eq_tol(all.lowest, 20, 0.01);
	ck_assert_double_eq_tol(all.highest, 40, 0.01);
	ck_assert_double_eq_tol(all.worst, 77, 0.01);
	co_telemetry_each(&n, 7200000 - 30000, see, &some);
	ck_assert_uint_eq(some.n, 31);
	co_telemetry_free(&n);
}
END_TEST

START_TEST(lies)
{
	struct co_node n = { 0 };
	cairn_NodeSample s = { .has_cpu_percent = true, .cpu_percent = NAN };
	const cairn_NodeSample *newest;

	s.has_psi_io_percent = true;
	s.psi_io_percent = 1e9;
	s.has_disk_write_rate = true;
	s.disk_write_rate = -1;
	s.has_memory_bytes = true;
	s.memory_bytes = UINT64_MAX;
	s.has_round_trip_ms = true;
	s.round_trip_ms = 3;
	co_telemetry_add(&n, &s, 5000, co_now());
	newest = co_telemetry_newest(&n);
	ck_assert_ptr_nonnull(newest);
	ck_assert(!newest->has_cpu_percent && !newest->has_psi_io_percent);
	ck_assert(!newest->has_disk_write_rate && !newest->has_memory_bytes);
	ck_assert(newest->has_round_trip_ms);
	ck_assert_int_eq(newest->at_ms, 5000);
	co_telemetry_free(&n);
}
END_TEST

TCase *telemetry_tests(void)
{
	TCase *t = tcase_create("telemetry");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, host);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, limits);
	tcase_add_test(t, limits_of_version_1);
	tcase_add_test(t, history);
	tcase_add_test(t, lies);
	return t;
}
