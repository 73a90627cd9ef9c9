// SPDX-License-Identifier: Apache-2.0
//
// CRIU, an external program, played by scripts: which one is taken, and what is said otherwise.
#include "criu/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/criu_version.h"
#include "common/err.h"
#include "criu/probe.h"
#include "unit.h"

static struct cr_err err;
static struct cr_criu criu;

static void setup(void)
{
	char path[CR_PATH_MAX];

	unit_setup();
	cr_err_clear(&err);
	unsetenv(CR_ENV_CRIU);
	snprintf(path, sizeof(path), "%s/data", unit_dir);
	setenv("XDG_DATA_HOME", path, 1);
}

/* A program of that name below the test's folder, which says that on --version. */
static const char *program(const char *name, const char *says)
{
	static char path[CR_PATH_MAX];
	char *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	slash = strrchr(path, '/');
	*slash = 0;
	ck_assert_int_eq(cr_mkdir_p(path, 0755), 0);
	*slash = '/';
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\n%s\n", says);
	fclose(f);
	chmod(path, 0755);
	return path;
}

/* What is found of a program that says this. */
static int told(const char *says)
{
	setenv(CR_ENV_CRIU, program("criu", says), 1);
	cr_err_clear(&err);
	return cr_criu_find(&criu, &err);
}

/* Found as it should be, whether or not this user may use it. */
static void good(int ret, int version)
{
	ck_assert_msg(ret == 0 || ret == -EPERM, "%d: %s", ret, err.text);
	ck_assert_int_eq(criu.version, version);
	ck_assert(criu.unprivileged == (geteuid() != 0));
	if (ret)
		ck_assert_ptr_nonnull(strstr(err.text, "setcap cap_checkpoint_restore"));
}

START_TEST(versions)
{
	char text[16];

	good(told("echo Version: 4.2.1; echo GitID: v4.2.1"), 40201);
	good(told("echo Version: 4.0 >&2"), 40000);
	good(told("echo 'a warning first'; echo 'Version: 12.1.3'"), 120103);
	ck_assert_str_eq(cr_criu_version_text(40201, text), "4.2.1");
	ck_assert_str_eq(cr_criu_version_text(31700, text), "3.17");
}
END_TEST

START_TEST(useless)
{
	ck_assert_int_eq(told("echo Version: 3.17.1"), -EPROTONOSUPPORT);
	unit_refused(-1, &err, CR_EXIT_BACKEND, "is CRIU 3.17.1, which is too old");
	ck_assert_ptr_nonnull(strstr(err.text, "Unexpected rt vDSO area bounds"));
	ck_assert_ptr_nonnull(strstr(err.text, "contrib/get-criu"));
	ck_assert_int_eq(criu.version, 31701);
	ck_assert_int_lt(told("echo hello"), 0);
	unit_refused(-1, &err, CR_EXIT_BACKEND, "cannot be run as CRIU");
	ck_assert_int_lt(told("echo Version: 4294967296.-3"), 0);
	ck_assert_int_lt(told("echo Version: x"), 0);
	/* More than we read, and an end by a signal. */
	ck_assert_int_lt(told("head -c 1000000 /dev/zero; kill -9 $$"), 0);
	setenv(CR_ENV_CRIU, "/nowhere/criu", 1);
	cr_err_clear(&err);
	ck_assert_int_eq(cr_criu_find(&criu, &err), -ENOENT);
	unit_refused(-1, &err, CR_EXIT_BACKEND, "/nowhere/criu");
}
END_TEST

START_TEST(places)
{
	char path[CR_PATH_MAX], old[CR_PATH_MAX], taken[CR_PATH_MAX];
	const char *was = getenv("PATH");

	snprintf(old, sizeof(old), "%s", program("old/criu", "echo Version: 3.17.1"));
	program("new/criu", "echo Version: 4.1.1");
	snprintf(path, sizeof(path), "%s/none:relative::%s/old:%s/new:%s", unit_dir, unit_dir,
		 unit_dir, was ? was : "");
	setenv("PATH", path, 1);
	/* contrib/get-criu's comes first, one that is too old is passed over. */
	cr_criu_find(&criu, &err);
	ck_assert_str_ne(criu.path, old);
	ck_assert_int_ge(criu.version, CR_CRIU_OLDEST);
	snprintf(taken, sizeof(taken), "%s",
		 program("data/cairn/criu/criu", "echo Version: 4.3"));
	cr_err_clear(&err);
	good(cr_criu_find(&criu, &err), 40300);
	ck_assert_str_eq(criu.path, taken);
}
END_TEST

START_TEST(works)
{
	setenv(CR_ENV_CRIU, program("criu", "[ $1 = check ] && exec echo Looks good.\n"
						   "echo Version: 4.2"), 1);
	if (cr_criu_find(&criu, &err) == -EPERM)
		return;
	ck_assert_int_eq(cr_criu_works(&criu, &err), 0);
	program("criu", "[ $1 != check ] || { echo '(00.1) Error (criu/x.c:1): no such kernel'; "
			"exit 1; }\necho Version: 4.2");
	ck_assert_int_eq(cr_criu_works(&criu, &err), -EOPNOTSUPP);
	unit_refused(-1, &err, CR_EXIT_BACKEND, "check` fails: no such kernel");
}
END_TEST

TCase *unit_criu(void)
{
	TCase *c = tcase_create("criu");

	tcase_add_checked_fixture(c, setup, unit_teardown);
	tcase_add_test(c, versions);
	tcase_add_test(c, useless);
	tcase_add_test(c, places);
	tcase_add_test(c, works);
	return c;
}
