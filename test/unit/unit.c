// SPDX-License-Identifier: Apache-2.0
//
// The unit tests' main function and what all suites use.
#include "common/err.h"
#include "unit.h"

#include <dirent.h>
#include <ftw.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>

char unit_dir[64];
static char base[] = "/tmp/cairn-unit-XXXXXX";

void unit_setup(void)
{
	snprintf(unit_dir, sizeof(unit_dir), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(unit_dir));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void unit_teardown(void)
{
	nftw(unit_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void unit_same(const pb_msgdesc_t *type, const void *a, const void *b)
{
	static unsigned char x[256 << 10], y[256 << 10];
	pb_ostream_t xs = pb_ostream_from_buffer(x, sizeof(x));
	pb_ostream_t ys = pb_ostream_from_buffer(y, sizeof(y));

	ck_assert(pb_encode(&xs, type, a));
	ck_assert(pb_encode(&ys, type, b));
	ck_assert_uint_eq(xs.bytes_written, ys.bytes_written);
	ck_assert_mem_eq(x, y, xs.bytes_written);
}

int unit_open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void unit_refused(int ret, const struct cr_err *err, int status, const char *words)
{
	ck_assert_int_lt(ret, 0);
	ck_assert_msg(err->status == status, "status %d, not %d: %s", err->status, status,
		      err->text);
	ck_assert_msg(strstr(err->text, words), "'%s' is not in: %s", words, err->text);
}

/* With the sanitizers: what is too large is no memory there as well. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int main(void)
{
	static TCase *(*const cases[])(void) = {
		unit_image,	 unit_archive,	unit_damage,	 unit_wire,	  unit_proc,
		unit_restart,	 unit_stages,	unit_options,	 unit_json,	  unit_common,
		unit_criu,	 unit_criu_log, unit_choose,	 unit_store_ship, unit_store_keep,
		unit_store_peer, unit_net,	unit_net_attack, unit_net_trust,  unit_lease,
		unit_placement,	 unit_evacuate,
	};
	Suite *suite = suite_create("cairn");
	SRunner *runner;
	size_t i;
	int failed;

	for (i = 0; i < CR_ARRAY_SIZE(cases); i++) {
		TCase *c = cases[i]();

		tcase_set_timeout(c, 120);
		suite_add_tcase(suite, c);
	}
	if (!mkdtemp(base))
		return 1;
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	/* What tests that failed have left. */
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed != 0;
}
