// SPDX-License-Identifier: Apache-2.0
//
// Which backend a program gets: real ones, made here by the compiler, and changed copies of them.
#include "criu/choose.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "unit.h"

static struct cr_err err;
static struct cr_choice choice;

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[1000], all[1200];
	va_list list;

	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	snprintf(all, sizeof(all), "cd %s && %s 2>/dev/null", unit_dir, command);
	return system(all);
}

/* A program "made" of that kind, or false if it cannot be made here. */
static bool made(const char *how)
{
	return !run("echo 'int main(void) { return 0; }' >p.c && ${CC:-cc} %s -o made p.c", how);
}

static const char *in_dir(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	return path;
}

static void expect(const char *command, const char *backend, const char *words)
{
	cr_err_clear(&err);
	ck_assert_msg(!cr_choose(command, &choice, &err), "%s", err.text);
	ck_assert_msg(!strcmp(cr_backend_word(choice.backend), backend), "%s, not %s: %s",
		      cr_backend_word(choice.backend), backend, choice.why);
	ck_assert_msg(strstr(choice.why, words), "'%s' is not in: %s", words, choice.why);
}

/* Other bytes at a place of the file. */
static void patch(const char *name, off_t at, const char *bytes, size_t n)
{
	cr_auto_fd fd = open(in_dir(name), O_WRONLY);

	ck_assert_int_eq(pwrite(fd, bytes, n, at), n);
}

START_TEST(kinds)
{
	static const struct {
		const char *how, *backend, *words;
	} kinds[] = {
		{ "-O", "agent", "made" },
		{ "-pie -fPIE", "agent", "made" },
		{ "-no-pie", "agent", "made" },
		{ "-static", "criu", "static program," },
		{ "-static-pie -fPIE", "criu", "(static-pie)" },
		{ "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1", "criu", "/lib/ld-musl" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(kinds); i++)
		if (made(kinds[i].how))
			expect(in_dir("made"), kinds[i].backend, kinds[i].words);
}
END_TEST

START_TEST(other_machines)
{
	ck_assert(made("-O"));
	patch("made", 18, "\267\0", 2); /* e_machine: aarch64 */
	expect(in_dir("made"), "criu", "not a 64-bit x86 program");
}
END_TEST

START_TEST(scripts)
{
	char text[300], path[CR_PATH_MAX];

	ck_assert(made("-static"));
	run("printf '#! %s/made -x\\n' >script; chmod +x script", unit_dir);
	expect(in_dir("script"), "criu", "static");
	run("printf '#!/usr/bin/env -S A=b %s/made\\n' >script", unit_dir);
	expect(in_dir("script"), "criu", "static");
	run("printf '#!/bin/sh\\n' >script");
	expect(in_dir("script"), "agent", "/bin/sh");
	/* Of no known kind: a shell runs it. In a circle, without an end of line, to nowhere. */
	run("echo exit 0 >script");
	expect(in_dir("script"), "agent", "script");
	run("printf '#!%s/script' >script", unit_dir);
	expect(in_dir("script"), "agent", "script");
	run("printf '#!/no/such/shell\\n' >script");
	expect(in_dir("script"), "agent", "cannot be looked at");
	run("head -c 5000 /dev/urandom | sed '1s/^/#!/' >script");
	ck_assert_int_eq(cr_choose(in_dir("script"), &choice, &err), 0);
	/* By PATH; a folder of that name is passed over. */
	run("mkdir -p one/made two; cp made two/");
	snprintf(text, sizeof(text), "%s/one:%s/two:/bin", unit_dir, unit_dir);
	setenv("PATH", text, 1);
	expect("made", "criu", "/two/made");
	snprintf(path, sizeof(path), "%s/two/made", unit_dir);
	ck_assert_str_eq(choice.path, path);
}
END_TEST

START_TEST(privileged)
{
	ck_assert(made("-O"));
	ck_assert_int_eq(chmod(in_dir("made"), 04755), 0);
	expect(in_dir("made"), "agent", "made"); /* one's own: nothing changes by it */
	if (geteuid())
		return;
	ck_assert_int_eq(chown(in_dir("made"), 12345, 0), 0);
	ck_assert_int_eq(chmod(in_dir("made"), 04755), 0);
	expect(in_dir("made"), "criu", "setuid");
	ck_assert_int_eq(chown(in_dir("made"), 0, 12345), 0);
	ck_assert_int_eq(chmod(in_dir("made"), 02755), 0);
	expect(in_dir("made"), "criu", "setgid");
}
END_TEST

START_TEST(none)
{
	unit_refused(cr_choose("no-such-program", &choice, &err), &err, CR_EXIT_NO_COMMAND,
		     "no-such-program");
	cr_err_clear(&err);
	unit_refused(cr_choose(in_dir("nothing"), &choice, &err), &err, CR_EXIT_NO_COMMAND,
		     "nothing");
	run(": >file");
	cr_err_clear(&err);
	unit_refused(cr_choose(in_dir("file"), &choice, &err), &err, CR_EXIT_CANNOT_RUN, "file");
}
END_TEST

/* ELF files with other bytes in their headers: an answer, whatever it is. */
START_TEST(damaged_programs)
{
	uint64_t state = 88172645463325252ull;
	char bytes[8];
	int i, k;

	ck_assert(made("-O"));
	for (i = 0; i < 300; i++) {
		run("cp made copy");
		for (k = 0; k < 1 + i % 4; k++) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			memcpy(bytes, &state, sizeof(bytes));
			patch("copy", 4 + (state >> 33) % 900, bytes + 4, 1 + k % 4);
		}
		cr_err_clear(&err);
		ck_assert_int_eq(cr_choose(in_dir("copy"), &choice, &err), 0);
		if (i % 10 == 0) {
			ck_assert_int_eq(truncate(in_dir("copy"), i * 3), 0);
			ck_assert_int_eq(cr_choose(in_dir("copy"), &choice, &err), 0);
		}
	}
}
END_TEST

TCase *unit_choose(void)
{
	TCase *c = tcase_create("choose");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_test(c, kinds);
	tcase_add_test(c, other_machines);
	tcase_add_test(c, scripts);
	tcase_add_test(c, privileged);
	tcase_add_test(c, none);
	tcase_add_test(c, damaged_programs);
	return c;
}
