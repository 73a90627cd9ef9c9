// SPDX-License-Identifier: Apache-2.0
//
// crrsh: a command on another node, as a new member of the job that calls it. In place of ssh for
// those who start remote processes by it, such as mpirun and mpiexec; so it takes their options.
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "tools/crrsh.h"
#include "tools/crrsh_call.h"
#include "tools/crrsh_serve.h"

static const char usage[] =
	"usage: crrsh [options] NODE COMMAND [ARG…]\n"
	"Runs a command on another node as a new member of the job that calls it.\n"
	"  -n               no standard input\n"
	"  -l USER          whom to be: the job's user, or it is refused\n"
	"  --timeout S      seconds until the member must have come (60)\n"
	"  --help           this\n"
	"  --version        the version\n"
	"Other options of ssh and rsh are taken and change nothing.\n";

/* ssh's and rsh's: those with a colon have an argument. */
static const char letters[] =
	"+1246ab:c:de:fgi:kl:m:no:p:qstvxACD:E:F:GI:J:KL:MNO:PQ:R:S:TVw:W:XYy8";

enum { HELP = 256, VERSION, SERVE, TIMEOUT };
static const struct option words[] = {
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ "serve", required_argument, NULL, SERVE },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ 0 },
};

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

/* All that was asked for. */
static _Noreturn void tell(const char *text)
{
	struct cr_err err = { 0 };

	fputs(text, stdout);
	if (cr_output_end(&err))
		cr_err_print(&err);
	exit(err.status);
}

static int set(struct cr_rsh_options *o, int letter, char **argv, struct cr_err *err)
{
	char *end;

	switch (letter) {
	case 'n':
		o->no_input = true;
		return 0;
	case 'l':
		return check_user(optarg, err);
	case SERVE:
		o->serve = optarg;
		return 0;
	case TIMEOUT:
		o->timeout = strtod(optarg, &end);
		if (*end || end == optarg || !(o->timeout >= 1 && o->timeout <= 86400))
			return cr_fail(err, CR_EXIT_USAGE, 0,
				       "--timeout %s: give seconds from 1 to 86400", optarg);
		return 0;
	case '?':
		return cr_fail(err, CR_EXIT_USAGE, 0, "unknown option (crrsh --help)");
	case HELP:
		tell(usage);
	case VERSION:
		tell("crrsh (Cairn) " PACKAGE_VERSION "\n");
	default:
		return 0;
	}
}

/* ssh takes options behind the host as well, up to the command. */
static int parse(struct cr_rsh_options *o, int argc, char **argv, struct cr_err *err)
{
	int letter, ret = 0;
	char *at;

	opterr = 0;
	while (!ret && (letter = getopt_long(argc, argv, letters, words, NULL)) != -1)
		ret = set(o, letter, argv, err);
	if (!ret && !o->serve && optind < argc) {
		o->node = argv[optind++];
		while (!ret && (letter = getopt_long(argc, argv, letters, words, NULL)) != -1)
			ret = set(o, letter, argv, err);
	}
	o->command = argv + optind;
	if (!ret && ((!o->serve && !o->node) || !*o->command))
		ret = cr_fail(err, CR_EXIT_USAGE, 0,
			      "a node and a command are needed (crrsh --help)");
	at = !ret && o->node ? strrchr(o->node, '@') : NULL;
	if (at) {
		*at = 0;
		ret = check_user(o->node, err);
		o->node = at + 1;
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct cr_rsh_options o = { .timeout = 60 };
	struct cr_err err = { 0 };
	int status;

	if (parse(&o, argc, argv, &err))
		status = err.status;
	else if (o.serve)
		status = cr_rsh_serve(&o, &err);
	else
		status = cr_rsh_call(&o, &err);
	if (err.status)
		cr_err_print(&err);
	return status;
}
