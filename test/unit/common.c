// SPDX-License-Identifier: Apache-2.0
//
// The small parts: names of jobs, errors, files, the course of a checkpoint, the CPU, programs.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/x86_64/baseline.h"
#include "arch/x86_64/cpu.h"
#include "common/elf_id.h"
#include "common/io.h"
#include "common/pace.h"
#include "common/runtime.h"
#include "unit.h"

static struct cr_err err;

START_TEST(name_check)
{
	static const char *const good[] = { "a", "A.b_c+d-9", "0", "_x", "+x", "a.." };
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "a/b", "a b", "a\n", "ä",
					   "a:b", "a*", "/" };
	char name[CR_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(good); i++)
		ck_assert_int_eq(cr_name_check(good[i], &err), 0);
	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		cr_err_clear(&err);
		unit_refused(cr_name_check(bad[i], &err), &err, CR_EXIT_USAGE, bad[i]);
	}
	memset(name, 'n', sizeof(name));
	name[CR_NAME_MAX] = 0;
	ck_assert_int_eq(cr_name_check(name, &err), 0);
	name[CR_NAME_MAX] = 'n';
	name[CR_NAME_MAX + 1] = 0;
	ck_assert_int_lt(cr_name_check(name, &err), 0);
}
END_TEST

START_TEST(name_from)
{
	static const char *const pairs[][2] = {
		{ "/usr/bin/python3", "python3" }, { "./a.out", "a.out" }, { "a b", "a_b" },
		{ ".hidden", "_hidden" },	   { "-x", "_x" },	   { "", "_" },
		{ "dir/", "_" },		   { "/", "_" },	   { "x:y*z", "x_y_z" },
		{ "g++", "g++" },		   { "../..", "_." },
	};
	char out[CR_NAME_MAX + 1], text[200];
	uint64_t state = 88172645463325252ull;
	size_t i, k;

	for (i = 0; i < CR_ARRAY_SIZE(pairs); i++) {
		cr_name_from(pairs[i][0], out, sizeof(out));
		ck_assert_str_eq(out, pairs[i][1]);
	}
	cr_name_from("abcdef", out, 4);
	ck_assert_str_eq(out, "abc");
	/* Whatever the command, the name is one. */
	for (i = 0; i < 20000; i++) {
		size_t len = sample_random(&state) % (sizeof(text) - 1);

		for (k = 0; k < len; k++)
			text[k] = 1 + sample_random(&state) % 255;
		text[len] = 0;
		cr_name_from(text, out, sizeof(out));
		ck_assert_int_eq(cr_name_check(out, &err), 0);
	}
}
END_TEST

START_TEST(errors)
{
	char *big = malloc(3000);

	ck_assert_int_eq(cr_fail(NULL, CR_EXIT_IO, ENOENT, "x"), -ENOENT);
	ck_assert_int_eq(cr_fail(&err, CR_EXIT_IO, ENOENT, "file %d", 7), -ENOENT);
	ck_assert_int_eq(err.status, CR_EXIT_IO);
	ck_assert_int_eq(err.error, ENOENT);
	ck_assert_str_eq(err.text, "file 7: No such file or directory");
	/* The first failure is the cause; a later one still returns its own number. */
	ck_assert_int_eq(cr_fail(&err, CR_EXIT_USAGE, EPERM, "later"), -EPERM);
	ck_assert_int_eq(err.status, CR_EXIT_IO);
	ck_assert_str_eq(err.text, "file 7: No such file or directory");
	cr_err_clear(&err);
	ck_assert_int_eq(err.status, 0);
	ck_assert_str_eq(err.text, "");
	ck_assert_int_eq(cr_fail(&err, CR_EXIT_DAMAGED, 0, "plain"), -EIO);
	ck_assert_str_eq(err.text, "plain");
	cr_err_clear(&err);
	memset(big, 'b', 2999);
	big[2999] = 0;
	ck_assert_int_eq(cr_fail(&err, CR_EXIT_IO, ENOSPC, "%s", big), -ENOSPC);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	cr_err_clear(&err);
	ck_assert_int_eq(cr_fail(&err, CR_EXIT_IO, ENOSPC, "%.760s", big), -ENOSPC);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	free(big);
}
END_TEST

START_TEST(io)
{
	CR_LIST(int) list = { 0 };
	char path[128], deep[200], buf[10000], *text;
	struct stat st;
	int fd, i;

	snprintf(path, sizeof(path), "%s/file", unit_dir);
	snprintf(deep, sizeof(deep), "%s/a/b/c", unit_dir);
	ck_assert_int_eq(cr_mkdir_p(deep, 0700), 0);
	ck_assert_int_eq(cr_mkdir_p(deep, 0700), 0);
	ck_assert_int_eq(stat(deep, &st), 0);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	memset(buf, 'x', sizeof(buf));
	ck_assert_int_eq(cr_write_all(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(cr_write_at(fd, "yy", 2, 5000), 0);
	ck_assert_int_eq(cr_read_at(fd, buf, 4, 4999), 0);
	ck_assert_mem_eq(buf, "xyyx", 4);
	ck_assert_int_eq(cr_read_at(fd, buf, 4, 9998), -EIO);
	close(fd);
	ck_assert_int_eq(cr_slurp(AT_FDCWD, path, &text), 10000);
	ck_assert_uint_eq(strlen(text), 10000);
	free(text);
	ck_assert_int_eq(cr_slurp(AT_FDCWD, "/nowhere/at/all", &text), -ENOENT);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(cr_slurp(AT_FDCWD, unit_dir, &text), -EISDIR);
	snprintf(deep, sizeof(deep), "%s/file/x", unit_dir);
	ck_assert_int_eq(cr_mkdir_p(deep, 0700), -ENOTDIR);
	for (i = 0; i < 1000; i++) {
		int *to = cr_list_add(&list);

		ck_assert_int_eq(*to, 0);
		*to = i;
	}
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(list.v[i], i);
	free(list.v);
}
END_TEST

/* A list that cannot grow says so, is as it was, and is counted: a checkpoint looks at that. */
START_TEST(no_memory)
{
	size_t n = 1ul << 60, room = n;
	unsigned long before = cr_grow_failures();
	CR_LIST(int) list = { 0 };
	char *v = NULL;

	ck_assert_ptr_nonnull(cr_list_add(&list));
	ck_assert_uint_eq(cr_grow_failures(), before);
	ck_assert_ptr_null(cr_grow(&v, &n, &room, 1));
	ck_assert_ptr_null(v);
	ck_assert_uint_eq(n, 1ul << 60);
	ck_assert_uint_eq(cr_grow_failures(), before + 1);
	free(list.v);
}
END_TEST

START_TEST(runtime)
{
	char dir[CR_PATH_MAX], path[CR_PATH_MAX];
	struct stat st;
	int fd, other;

	snprintf(dir, sizeof(dir),
		 "%s/a/rather/long/path/that/no/socket/address/could/hold/as/it/is/because/they/"
		 "end/at/a/hundred/and/eight/bytes",
		 unit_dir);
	setenv("CR_RUNTIME_DIR", dir, 1);
	ck_assert_int_lt(cr_runtime_connect("job", &err), 0);
	ck_assert_int_eq(err.status, CR_EXIT_NOT_FOUND);
	cr_err_clear(&err);
	fd = cr_runtime_listen("job", path, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	other = cr_runtime_connect("job", &err);
	ck_assert_int_ge(other, 0);
	close(other);
	unit_refused(cr_runtime_listen("job", path, &err), &err, CR_EXIT_EXISTS, "job");
	/* Nobody listens any more: the name is free again. */
	close(fd);
	cr_err_clear(&err);
	unit_refused(cr_runtime_connect("job", &err), &err, CR_EXIT_NOT_FOUND, "job");
	cr_err_clear(&err);
	fd = cr_runtime_listen("job", path, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unit_refused(cr_runtime_listen("../job", path, &err), &err, CR_EXIT_USAGE, "../job");
}
END_TEST

START_TEST(cpu)
{
	cairn_CpuFeatures here, had = { .words_count = 8 }, has = { .words_count = 8 };

	memset(&here, 0, sizeof(here));
	cr_cpu_read(&here);
	ck_assert_uint_eq(here.words_count, 8);
	ck_assert(here.words[1] >> 26 & 1); /* sse2 */
	ck_assert_int_eq(cr_cpu_check(&here, &here, &err), 0);
	ck_assert_int_eq(cr_cpu_check(&has, &here, &err), 0);
	unit_refused(cr_cpu_check(&here, &has, &err), &err, CR_EXIT_CPU, " sse2");
	cr_err_clear(&err);
	had.words[2] = 1 << 5 | 1 << 8;
	has.words[2] = 1 << 8;
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU, "had: avx2 (");
	ck_assert(strstr(err.text, "--cpu-ignore") && strstr(err.text, "--cpu-baseline"));
	cr_err_clear(&err);
	ck_assert_int_eq(cr_cpu_without(&had, "sse4a,avx2", &err), 0);
	ck_assert_int_eq(cr_cpu_check(&had, &has, &err), 0);
	unit_refused(cr_cpu_without(&had, "avx2,avx3", &err), &err, CR_EXIT_USAGE, "'avx3'");
	cr_err_clear(&err);
	ck_assert_int_eq(cr_cpu_without(&had, NULL, &err), 0);
	had.words[2] = 1 << 5 | 1 << 8;
	/* From an older Cairn, or a newer one: fewer words. */
	has.words_count = 2;
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU, "avx2 bmi2");
	cr_err_clear(&err);
	had.words_count = 0;
	ck_assert_int_eq(cr_cpu_check(&had, &has, &err), 0);
	had.xcr0 = 7;
	has.xcr0 = 3;
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU, "state:avx ");
	cr_err_clear(&err);
	/* AVX-512 registers: the options that help with instructions do not with these. */
	had.xcr0 = 0xe7;
	has.xcr0 = 7;
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU,
		     "had: state:avx512-mask state:avx512-hi256 state:avx512-hi16 (");
	ck_assert(!strstr(err.text, "--cpu-") && strstr(err.text, "launched where"));
	cr_err_clear(&err);
	/* A CPU of another maker: it would take other bytes for these registers. */
	has.xcr0 = had.xcr0 = 0x207;
	has.places_count = had.places_count = 8;
	has.places[7] = 2688;
	ck_assert_int_eq(cr_cpu_check(&had, &has, &err), 0);
	had.places[7] = 832;
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU, "had: state:pku ");
	cr_err_clear(&err);
	had.places[7] = 2688;
	ck_assert_int_eq(cr_cpu_check(&had, &has, &err), 0);
	memset(&had, 0xff, sizeof(had));
	had.words_count = 8;
	had.places_count = 0;
	memset(&has, 0, sizeof(has));
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU, " sse3 pclmulqdq");
}
END_TEST

START_TEST(baseline)
{
	/* avx; bmi1, avx2, bmi2, avx512f; sse4a. */
	cairn_CpuFeatures had = { .words_count = 8 }, has = { .words_count = 8 };

	ck_assert_int_eq(cr_baseline_check("", &err), 0);
	ck_assert_int_eq(cr_baseline_check("x86-64-v3", &err), 0);
	unit_refused(cr_baseline_check("x86-64-v9", &err), &err, CR_EXIT_USAGE, "x86-64-v2, ");
	cr_err_clear(&err);
	had.words[0] = 1u << 28;
	had.words[2] = 1u << 3 | 1u << 5 | 1u << 8 | 1u << 16;
	had.words[6] = 1u << 6;
	cr_baseline_cap(&had, "");
	cr_baseline_cap(&had, "of-the-future");
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU,
		     "had: avx bmi1 avx2 bmi2 avx512f sse4a (");
	cr_err_clear(&err);
	cr_baseline_cap(&had, "znver1");
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU,
		     "had: avx bmi1 avx2 bmi2 sse4a (");
	cr_err_clear(&err);
	cr_baseline_cap(&had, "x86-64-v3");
	unit_refused(cr_cpu_check(&had, &has, &err), &err, CR_EXIT_CPU,
		     "had: avx bmi1 avx2 bmi2 (");
	cr_err_clear(&err);
	cr_baseline_cap(&had, "x86-64-v2");
	ck_assert_int_eq(cr_cpu_check(&had, &has, &err), 0);
	ck_assert_int_eq(cr_cpu_level(&had), 1);
}
END_TEST

START_TEST(programs)
{
	struct cr_elf_info info;
	char path[128];
	int fd = open("/proc/self/exe", O_RDONLY);

	ck_assert_int_eq(cr_elf_read(fd, &info), 0);
	ck_assert(info.elf && info.native && info.interpreter);
	close(fd);
	fd = open("/sbin/ldconfig", O_RDONLY);
	if (fd >= 0) {
		/* Debian's is linked statically; where it is a script it is no ELF. */
		ck_assert_int_eq(cr_elf_read(fd, &info), 0);
		ck_assert(!info.interpreter);
		ck_assert(!info.elf || info.native);
		close(fd);
	}
	snprintf(path, sizeof(path), "%s/file", unit_dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(cr_elf_read(fd, &info), 0);
	ck_assert(!info.elf);
	ck_assert_int_eq(cr_write_at(fd, "\177ELF\2\1\1", 8, 0), 0);
	ck_assert_int_eq(cr_elf_read(fd, &info), 0);
	ck_assert(!info.native && !info.interpreter && !info.build_id_len);
	ck_assert_int_eq(cr_write_at(fd, "#!/bin/sh\n", 10, 0), 0);
	ck_assert_int_eq(cr_elf_read(fd, &info), 0);
	ck_assert(!info.elf);
	close(fd);
}
END_TEST

START_TEST(build_ids)
{
	struct cr_elf_info libc, again;
	int fd = open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY);

	if (fd < 0)
		return;
	ck_assert_int_eq(cr_elf_read(fd, &libc), 0);
	ck_assert(libc.elf && libc.native);
	ck_assert_uint_eq(libc.build_id_len, 20);
	ck_assert_int_eq(cr_elf_read(fd, &again), 0);
	ck_assert_mem_eq(libc.build_id, again.build_id, 20);
	close(fd);
}
END_TEST

START_TEST(pace)
{
	char text[CR_PACE_TEXT];

	/* The root of 2 × 0.8 × 28800 is 214.7. */
	ck_assert_double_eq_tol(cr_pace_interval(0.8, 1, 28800), 214.1, 0.5);
	ck_assert_double_eq_tol(cr_pace_cost(0.5, 3.5), 0.8, 1e-9);
	ck_assert_double_eq_tol(cr_pace_cost(0.5, 0.1), 0.5, 1e-9);
	/* Bounds: a checkpoint must have time to be written, and somebody may look at the store. */
	ck_assert_double_eq_tol(cr_pace_interval(0.0001, 0.01, 3600), 5, 1e-9);
	ck_assert_double_eq_tol(cr_pace_interval(0.0001, 40, 3600), 80, 1e-9);
	ck_assert_double_eq_tol(cr_pace_interval(600, 700, 1e7), 3600, 1e-9);
	/* It costs more than there is between two failures. */
	ck_assert_double_eq_tol(cr_pace_interval(300, 10, 100), 100, 1e-9);
	cr_pace_text(212.2, 0.8, 28800, "prior", text);
	ck_assert_str_eq(text, "212 s: cost 0.8 s, mean time between failures 8 h (prior)");
	cr_pace_text(60, 0, 100, "prior", text);
	ck_assert_ptr_nonnull(strstr(text, "until a checkpoint has been measured"));
}
END_TEST

TCase *unit_common(void)
{
	TCase *c = tcase_create("common");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_test(c, name_check);
	tcase_add_test(c, name_from);
	tcase_add_test(c, errors);
	tcase_add_test(c, no_memory);
	tcase_add_test(c, io);
	tcase_add_test(c, runtime);
	tcase_add_test(c, cpu);
	tcase_add_test(c, baseline);
	tcase_add_test(c, programs);
	tcase_add_test(c, build_ids);
	tcase_add_test(c, pace);
	return c;
}
