// SPDX-License-Identifier: Apache-2.0
//
// crrsh: a command on another node, as a new member of the job that calls it. In place of ssh for
// those who start remote processes by it, such as mpirun and mpiexec; so it takes their options.
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/args.h"
#include "common/args_help.h"
#include "common/err.h"
#include "tools/crrsh.h"
#include "tools/crrsh_call.h"
#include "tools/crrsh_serve.h"

/* A job's members are all its user's. */
static int check_user(const char *user, struct cr_err *err)
{
	struct passwd *pw = getpwuid(getuid());
	char number[16];

	snprintf(number, sizeof(number), "%u", getuid());
	if (!*user || !strcmp(user, number) || (pw && !strcmp(pw->pw_name, user)))
		return 0;
	return cr_fail(err, CR_EXIT_PERMISSION, 0, "-l %s: members of a job run as its user, %s",
		       user, pw ? pw->pw_name : number);
}

#define FIELD(field) CR_ARG_FIELD(struct cr_rsh_options, field)
static const struct cr_arg rows[] = {
	{ NULL, 'n', CR_ARG_FLAG, FIELD(no_input), 0, 0, NULL, NULL, NULL, "no standard input" },
	{ NULL, 'l', CR_ARG_TEXT, FIELD(user), 0, 0, NULL, NULL, "USER",
	  "whom to be: the job's user, or it is refused", .check = check_user },
	{ "timeout", 0, CR_ARG_TIME, FIELD(timeout), 1, 86400, "60", NULL, "TIME",
	  "until the member must have come" },
	{ "serve", 0, CR_ARG_TEXT, FIELD(serve), 0, 0, NULL, NULL, "ADDRESSES", NULL },
	{ "help", 0, CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 0, CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
};

/* ssh's and rsh's: those with a colon have an argument. */
static const char ignored[] = "1246ab:c:de:fgi:km:o:p:qstvxACD:E:F:GI:J:KL:MNO:PQ:R:S:TVw:W:XYy8";

static void crrsh_usage(void)
{
	struct cr_args a = CR_ARGS(rows, NULL);

	printf("Usage: crrsh [OPTION…] NODE COMMAND [ARGUMENT]...\n"
	       "Runs a command on another node as a new member of the job that calls it.\n\n");
	cr_args_print(&a);
	printf("\nOther options of ssh and rsh are taken and change nothing.\n");
}

/* ssh takes options behind the host as well, up to the command. */
static int crrsh_parse(struct cr_rsh_options *o, int argc, char **argv, struct cr_err *err)
{
	struct cr_args a = CR_ARGS(rows, o);
	char *at;
	int ret;

	a.ignored = ignored;
	ret = cr_args_parse(&a, argc, argv, err);
	if (ret >= 0 && !o->serve && a.at < argc) {
		o->node = argv[a.at++];
		ret = cr_args_read(&a, argc, argv, err);
	}
	if (ret < 0 || o->help || o->version)
		return ret < 0 ? ret : 0;
	o->command = argv + a.at;
	if ((!o->serve && !o->node) || !*o->command)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "a node and a command are needed (crrsh --help)");
	at = o->node ? strrchr(o->node, '@') : NULL;
	if (!at)
		return 0;
	*at = 0;
	ret = check_user(o->node, err);
	o->node = at + 1;
	return ret;
}

int main(int argc, char **argv)
{
	struct cr_rsh_options o = { 0 };
	struct cr_err err = { 0 };
	int status = 0;

	if (crrsh_parse(&o, argc, argv, &err))
		status = err.status;
	else if (o.help)
		crrsh_usage();
	else if (o.version)
		printf("crrsh (Cairn) " PACKAGE_VERSION "\n");
	else if (o.serve)
		status = cr_rsh_serve(&o, &err);
	else
		status = cr_rsh_call(&o, &err);
	if ((o.help || o.version) && !status && cr_output_end(&err))
		status = err.status;
	if (err.status)
		cr_err_print(&err);
	return status;
}
