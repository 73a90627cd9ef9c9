// SPDX-License-Identifier: Apache-2.0
//
// The table of options: arguments, their twins in the environment, bad values.
#include "shepherd/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

enum kind { FLAG, TEXT, SECONDS, NUMBER, NUMBER32, WORD };

#define AT(field) offsetof(struct cr_options, field)
#define BOTH (CR_FOR_LAUNCH | CR_FOR_RESTART)

/* What the man pages promise. */
static const struct {
	const char *name, *environment, *good, *bad;
	enum kind kind;
	unsigned int commands;
	size_t offset;
	double value;
} table[] = {
	{ "name", "CR_NAME", "x", NULL, TEXT, BOTH, AT(job.name), 0 },
	{ "dir", "CR_DIR", "/d", NULL, TEXT, CR_FOR_LAUNCH, AT(dir), 0 },
	{ "interval", "CR_INTERVAL", "0.5", "0", SECONDS, BOTH, AT(job.policy.interval), 0.5 },
	{ "interval", "CR_INTERVAL", "auto", "auto1", SECONDS, BOTH, AT(job.policy.interval), -1 },
	{ "mtbf", "CR_MTBF", "3600", "5", SECONDS, BOTH, AT(job.mtbf), 3600 },
	{ "stop-after", "CR_STOP_AFTER", "7", "-1", SECONDS, BOTH, AT(stop_after), 7 },
	{ "keep", "CR_KEEP", "3", "0", NUMBER32, BOTH, AT(job.policy.keep), 3 },
	{ "compress", "CR_COMPRESS", "lz4", "zip", WORD, BOTH, AT(compress), CR_COMPRESS_LZ4 },
	{ "pack-files", "CR_PACK_FILES", NULL, NULL, FLAG, BOTH, AT(pack_files), 0 },
	{ "file-limit", "CR_FILE_LIMIT", "0", "-1", NUMBER, BOTH, AT(file_limit), 0 },
	{ "stop-timeout", "CR_STOP_TIMEOUT", "2.5", "4000", SECONDS, BOTH, AT(stop_timeout), 2.5 },
	{ "signal", "CR_SIGNAL", "40", "33", NUMBER, CR_FOR_LAUNCH, AT(signal), 40 },
	{ "allow-changed", NULL, NULL, NULL, FLAG, CR_FOR_RESTART, AT(allow_changed), 0 },
	{ "detach", "CR_DETACH", NULL, NULL, FLAG, BOTH, AT(detach), 0 },
	{ "help", NULL, NULL, NULL, FLAG, BOTH, AT(help), 0 },
	{ "version", NULL, NULL, NULL, FLAG, BOTH, AT(version), 0 },
};

static struct cr_options o;
static struct cr_err err;

static void setup(void)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(table); i++)
		if (table[i].environment)
			unsetenv(table[i].environment);
}

static int parse(unsigned int command, const char *a, const char *b)
{
	/* Texts in the options point into argv. */
	static char first[128], second[128];
	char *argv[] = { "program", first, second, "command", "--keep=9", NULL };
	int argc = 5;

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b ? b : "");
	if (!b) {
		argv[2] = "command";
		argv[3] = "--keep=9";
		argv[4] = NULL;
		argc = 4;
	}
	cr_err_clear(&err);
	return cr_options_parse(&o, command, argc, argv, &err);
}

static void has_value(size_t i)
{
	const char *at = (char *)&o + table[i].offset;

	if (table[i].kind == FLAG)
		ck_assert(*(bool *)at);
	else if (table[i].kind == TEXT)
		ck_assert_str_eq(*(char **)at, table[i].good);
	else if (table[i].kind == SECONDS)
		ck_assert_double_eq(*(double *)at, table[i].value);
	else if (table[i].kind == NUMBER)
		ck_assert_int_eq(*(long *)at, (long)table[i].value);
	else
		ck_assert_int_eq(*(int *)at, (int)table[i].value);
}

START_TEST(defaults)
{
	char *argv[] = { "program", NULL };

	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 1, argv, &err), 1);
	ck_assert_ptr_null(o.job.name);
	ck_assert_str_eq(o.dir, "cairn");
	ck_assert_int_eq(o.compress, CR_COMPRESS_NONE);
	ck_assert_double_eq(o.job.policy.interval, 0);
	ck_assert_double_eq(o.stop_after, 0);
	ck_assert_double_eq(o.stop_timeout, 10);
	ck_assert_int_eq(o.job.policy.keep, 2);
	ck_assert_int_eq(o.file_limit, 16777216);
	ck_assert_int_eq(o.signal, 62);
	ck_assert(!o.pack_files && !o.detach && !o.allow_changed && !o.help && !o.version);
}
END_TEST

static void try_option(size_t i, unsigned int command)
{
	char dashed[64], joined[128];

	snprintf(dashed, sizeof(dashed), "--%s", table[i].name);
	snprintf(joined, sizeof(joined), "--%s=%s", table[i].name, table[i].good);
	if (!(table[i].commands & command)) {
		unit_refused(parse(command, table[i].kind == FLAG ? dashed : joined, NULL), &err,
			     CR_EXIT_USAGE, dashed);
		return;
	}
	if (table[i].kind == FLAG) {
		ck_assert_int_eq(parse(command, dashed, NULL), 2);
		has_value(i);
		return;
	}
	ck_assert_int_eq(parse(command, dashed, table[i].good), 3);
	has_value(i);
	ck_assert_int_eq(parse(command, joined, NULL), 2);
	has_value(i);
	/* What follows the command is the command's. */
	ck_assert_int_ne(o.job.policy.keep, 9);
	if (!table[i].bad)
		return;
	snprintf(joined, sizeof(joined), "--%s=%s", table[i].name, table[i].bad);
	unit_refused(parse(command, joined, NULL), &err, CR_EXIT_USAGE, table[i].name);
	unit_refused(parse(command, dashed, table[i].bad), &err, CR_EXIT_USAGE, table[i].bad);
}

START_TEST(arguments)
{
	try_option(_i, CR_FOR_LAUNCH);
	try_option(_i, CR_FOR_RESTART);
}
END_TEST

START_TEST(environment)
{
	const char *name = table[_i].environment, *good = table[_i].good;
	char joined[128];
	unsigned int command = table[_i].commands & CR_FOR_LAUNCH ? CR_FOR_LAUNCH : CR_FOR_RESTART;

	if (!name)
		return;
	setenv(name, table[_i].kind == FLAG ? "1" : good, 1);
	ck_assert_int_eq(parse(command, "--", NULL), 2);
	has_value(_i);
	setenv(name, "", 1);
	ck_assert_int_eq(parse(command, "--", NULL), 2);
	if (table[_i].kind == FLAG) {
		setenv(name, "0", 1);
		ck_assert_int_eq(parse(command, "--", NULL), 2);
		ck_assert(!*((bool *)&o + table[_i].offset));
		return;
	}
	if (table[_i].bad) {
		setenv(name, table[_i].bad, 1);
		unit_refused(parse(command, "--", NULL), &err, CR_EXIT_USAGE, table[_i].bad);
	}
	/* The argument wins. */
	setenv(name, table[_i].kind == TEXT || table[_i].kind == WORD ? "none" : "36", 1);
	snprintf(joined, sizeof(joined), "--%s=%s", table[_i].name, good);
	ck_assert_int_eq(parse(command, joined, NULL), 2);
	has_value(_i);
}
END_TEST

START_TEST(bad_values)
{
	static const char *const bad[] = { "",	   "x",	   "1x", "nan", "inf",
					   "-inf", "1e99", "-1", "--",	"1,5" };
	char joined[64];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		snprintf(joined, sizeof(joined), "--keep=%s", bad[i]);
		unit_refused(parse(CR_FOR_LAUNCH, joined, NULL), &err, CR_EXIT_USAGE, "keep");
		snprintf(joined, sizeof(joined), "--interval=%s", bad[i]);
		unit_refused(parse(CR_FOR_LAUNCH, joined, NULL), &err, CR_EXIT_USAGE, "interval");
	}
	unit_refused(parse(CR_FOR_LAUNCH, "--nonsense", NULL), &err, CR_EXIT_USAGE, "--nonsense");
	unit_refused(parse(CR_FOR_LAUNCH, "-x", NULL), &err, CR_EXIT_USAGE, "-x");
	unit_refused(parse(CR_FOR_LAUNCH, "--help=1", NULL), &err, CR_EXIT_USAGE, "--help");
}
END_TEST

/* Counts and bytes are whole, in every program, and one limit holds for all. */
START_TEST(whole_numbers)
{
	static const char *const bad[] = { "--max-restarts=2.5", "--keep=1.5",
					   "--replicas=0.5",	 "--nodes=1.5",
					   "--signal=40.5",	 "--keep-bytes=0.1",
					   "--file-limit=1.5" };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(bad); i++)
		unit_refused(parse(CR_FOR_LAUNCH, bad[i], NULL), &err, CR_EXIT_USAGE, "whole");
	unit_refused(parse(CR_FOR_LAUNCH, "--nodes=100001", NULL), &err, CR_EXIT_USAGE,
		     "from 1 to 100000");
	ck_assert_int_eq(parse(CR_FOR_LAUNCH, "--nodes=100000", NULL), 2);
	ck_assert_int_eq(o.job.nodes, 100000);
}
END_TEST

/* A policy stands in the coordinator's message at once. */
START_TEST(policy)
{
	char *argv[] = { "program",  "--max-restarts",	  "7",
			 "--keep=5", "--replicas=0",	  "--label",
			 "b=2",	     "--spread",	  "--backend",
			 "criu",     "--on-failure=stop", "--keep-bytes=1e12",
			 NULL };
	cairn_Policy p;

	setenv("CR_LABEL", "a=1:c=3", 1);
	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 12, argv, &err), 12);
	cr_job_policy(&o.job, &p);
	ck_assert_int_eq(p.max_restarts, 7);
	ck_assert_int_eq(p.keep, 5);
	ck_assert(p.keep_bytes == 1000000000000);
	ck_assert(p.has_replicas && !p.replicas && p.spread && p.criu && p.stop_on_failure);
	ck_assert_double_eq(p.interval, 60);
	ck_assert(!p.auto_interval && p.mtbf == 28800);
	/* The command line's are in place of the environment's. */
	ck_assert_int_eq(p.labels_count, 1);
	ck_assert_str_eq(p.labels[0].key, "b");
	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 1, argv, &err), 1);
	ck_assert_int_eq(o.job.policy.labels_count, 2);
	ck_assert_str_eq(o.job.policy.labels[1].value, "3");
	unsetenv("CR_LABEL");
}
END_TEST

/* What an image has is looked at like what is typed. */
START_TEST(inherited)
{
	static cairn_Job job;
	char *argv[] = { "program", "--keep=4", NULL };

	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 2, argv, &err), 2);
	o.compress = CR_COMPRESS_LZ4;
	o.tcp_repair = true;
	o.job.policy.interval = 2.5;
	cr_options_save(&o, &job);
	ck_assert_int_eq(job.keep, 4);
	ck_assert_str_eq(job.compress, "lz4");
	ck_assert_str_eq(job.tcp, "repair");
	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_RESTART, 1, argv, &err), 1);
	ck_assert_int_eq(cr_options_inherit(&o, &job, &err), 0);
	ck_assert_int_eq(o.job.policy.keep, 4);
	ck_assert_int_eq(o.compress, CR_COMPRESS_LZ4);
	ck_assert(o.tcp_repair);
	ck_assert_double_eq(o.job.policy.interval, 2.5);
	job.keep = -5;
	strcpy(job.tcp, "");
	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_RESTART, 1, argv, &err), 1);
	ck_assert_int_eq(cr_options_inherit(&o, &job, &err), 0);
	ck_assert_int_eq(o.job.policy.keep, 1);
	ck_assert(!o.tcp_repair);
	strcpy(job.compress, "zip");
	unit_refused(cr_options_inherit(&o, &job, &err), &err, CR_EXIT_FORMAT, "zip");
}
END_TEST

START_TEST(missing_value)
{
	char *argv[] = { "program", "--keep", NULL };

	unit_refused(cr_options_parse(&o, CR_FOR_LAUNCH, 2, argv, &err), &err, CR_EXIT_USAGE,
		     "--keep");
}
END_TEST

START_TEST(letters)
{
	char *argv[] = {
		"program", "-nme", "-d", "there", "-i", "2", "-hV", "cmd", "-d", "no", NULL
	};

	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 10, argv, &err), 7);
	ck_assert_str_eq(o.job.name, "me");
	ck_assert_str_eq(o.dir, "there");
	ck_assert_double_eq(o.job.policy.interval, 2);
	ck_assert(o.help && o.version);
	/* A second reading begins anew. */
	ck_assert_int_eq(cr_options_parse(&o, CR_FOR_LAUNCH, 1, argv, &err), 1);
	ck_assert_ptr_null(o.job.name);
}
END_TEST

TCase *unit_options(void)
{
	TCase *c = tcase_create("options");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, defaults);
	tcase_add_loop_test(c, arguments, 0, CR_ARRAY_SIZE(table));
	tcase_add_loop_test(c, environment, 0, CR_ARRAY_SIZE(table));
	tcase_add_test(c, bad_values);
	tcase_add_test(c, whole_numbers);
	tcase_add_test(c, policy);
	tcase_add_test(c, inherited);
	tcase_add_test(c, missing_value);
	tcase_add_test(c, letters);
	return c;
}
