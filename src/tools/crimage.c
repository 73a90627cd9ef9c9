// SPDX-License-Identifier: Apache-2.0
//
// crimage: looks into a checkpoint. A verb is a row here and a file in src/inspect.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/args.h"
#include "common/args_help.h"
#include "inspect/backtrace.h"
#include "inspect/core.h"
#include "inspect/diff.h"
#include "inspect/env.h"
#include "inspect/extract.h"
#include "inspect/inspect_files.h"
#include "inspect/inspect.h"
#include "inspect/show.h"
#include "inspect/verify.h"

static const struct cr_arg options[] = {
#define FIELD(field) CR_ARG_FIELD(struct cr_inspect, field)
	{ "json", 0, CR_ARG_FLAG, FIELD(json), 0, 0, NULL, NULL, NULL, "answer as JSON" },
	{ "all", 'a', CR_ARG_FLAG, FIELD(all), 0, 0, NULL, NULL, NULL,
	  "backtrace: all processes; show: all mappings; verify: all below; extract: all" },
	{ "output", 'o', CR_ARG_TEXT, FIELD(output), 0, 0, NULL, NULL, "FILE",
	  "extract: not to standard output; with --all a folder" },
	{ "help", 'h', CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
#undef FIELD
};

static const struct verb {
	const char *name;
	int (*run)(struct cr_inspect *in);
	bool opens; /* the image itself */
	bool json;
	unsigned int min, max; /* operands, the image among them */
	const char *of;
	const char *help;
} verbs[] = {
	{ "backtrace", cr_inspect_backtrace, false, true, 1, 2, "[--all] IMAGE [PID]",
	  "where each thread stood" },
	{ "core", cr_inspect_core, false, false, 1, 2, "IMAGE [PID] >FILE",
	  "a process as a core file, for gdb" },
	{ "diff", cr_inspect_diff, true, true, 2, 2, "IMAGE IMAGE",
	  "what has changed from the first to the second" },
	{ "env", cr_inspect_env, false, true, 1, 2, "IMAGE [PID]", "a process's environment" },
	{ "extract", cr_inspect_extract, false, false, 1, 2, "IMAGE WHAT",
	  "PID:FD, PID:START-END or PATH: what it holds" },
	{ "files", cr_inspect_files, false, true, 1, 1, "IMAGE",
	  "what a node must have to restart it" },
	{ "show", cr_inspect_show, false, true, 1, 2, "IMAGE [PID]",
	  "processes, threads, memory, descriptors, sockets, sizes" },
	{ "verify", cr_inspect_verify, true, true, 1, CR_INSPECT_OPERANDS, "IMAGE|FOLDER...",
	  "every checksum, and the files that this node must have" },
};

static void crimage_usage(void)
{
	struct cr_args a = CR_ARGS(options, NULL);
	char left[80];

	printf("Usage: crimage VERB [OPTION…] IMAGE [OPERAND…]\n"
	       "Looks into a checkpoint, DIR/NAME (its newest) or DIR/NAME/NUMBER.\n"
	       "\n");
	for (size_t i = 0; i < CR_ARRAY_SIZE(verbs); i++) {
		snprintf(left, sizeof(left), "  %-10s %s ", verbs[i].name, verbs[i].of);
		cr_help_line(left, 36, verbs[i].help);
	}
	printf("\n");
	cr_args_print(&a);
	printf("\nExit status: 0, or as in cairn-exit-codes(7).\n");
}

/* Options may stand before, between and behind the words. */
static int read_words(struct cr_inspect *in, int argc, char **argv, const char **verb)
{
	struct cr_args a = CR_ARGS(options, in);
	int ret = cr_args_begin(&a, &in->err);

	for (; !ret && (ret = cr_args_read(&a, argc, argv, &in->err)) >= 0 && ret < argc; ret = 0) {
		if (!*verb)
			*verb = argv[a.at];
		else if (in->n_of < CR_INSPECT_OPERANDS)
			in->of[in->n_of++] = argv[a.at];
		else
			return cr_fail(&in->err, CR_EXIT_USAGE, 0, "too many words: %s",
				       argv[a.at]);
		a.at++;
	}
	return ret < 0 ? ret : 0;
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* "core PID IMAGE" is understood as well. */
static void crimage_order(struct cr_inspect *in)
{
	const char *first = in->of[0];

	if (in->n_of < 2 || !is_number(first) || is_number(in->of[1]))
		return;
	in->of[0] = in->of[1];
	in->of[1] = first;
}

static int run_verb(struct cr_inspect *in, const struct verb *v)
{
	int ret;

	if (in->n_of < v->min || in->n_of > v->max)
		return cr_fail(&in->err, CR_EXIT_USAGE, 0, "usage: crimage %s %s", v->name, v->of);
	if (in->json && !v->json)
		return cr_fail(&in->err, CR_EXIT_USAGE, 0, "--json does not go with %s", v->name);
	crimage_order(in);
	ret = v->opens ? 0 : cr_inspect_open(in, in->of[0], &in->img);
	if (!ret)
		ret = v->run(in);
	cr_inspect_close(in->img);
	return ret;
}

static int run(struct cr_inspect *in, int argc, char **argv)
{
	const char *name = NULL;

	if (read_words(in, argc, argv, &name))
		return -1;
	if (in->help)
		crimage_usage();
	else if (in->version)
		printf("crimage (Cairn) " PACKAGE_VERSION "\n");
	if (in->help || in->version)
		return 0;
	for (size_t i = 0; name && i < CR_ARRAY_SIZE(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return run_verb(in, &verbs[i]);
	return cr_fail(&in->err, CR_EXIT_USAGE, 0, "%s%s (try --help)",
		       name ? "unknown verb " : "no verb given", name ? name : "");
}

int main(int argc, char **argv)
{
	static struct cr_inspect in;
	int ret = run(&in, argc, argv);

	if (cr_output_end(&in.err) || ret)
		cr_err_print(&in.err);
	return in.err.status;
}
