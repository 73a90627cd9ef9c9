// SPDX-License-Identifier: Apache-2.0
//
// env: at a restart, gives the job new values of environment variables, which its next getenv()
// finds: those of the terminal, the display or the batch system where it is now.
//
//   --plugin env:RULE[,RULE]...
//     KEY         as crrestart has it; removed if crrestart has none
//     PREFIX*     all that begin so, as crrestart has them, and no others (SLURM_*)
//     KEY=VALUE   this; a comma in it is written as \, and a backslash as \\.
//     KEY=        empty
//
// Rules are applied in order. The job's processes all get the same.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cairn/plugin.h"

#define RULES 256

static char *rules[RULES];
static size_t nrules;

/* Cuts the first rule off, with its backslashes taken away; where the rest begins, or NULL. */
static char *cut(char *text)
{
	char *to = text;

	for (; *text && *text != ','; text++) {
		if (*text == '\\' && (text[1] == ',' || text[1] == '\\'))
			text++;
		*to++ = *text;
	}
	text = *text ? text + 1 : NULL;
	*to = 0;
	return text;
}

static int init(const struct cairn_host *host, const char *options)
{
	char *text = strdup(options), *rest;

	if (!text)
		return host->fail(host, ENOMEM, "options");
	for (; text && *text; text = rest) {
		rest = cut(text);
		if (nrules == RULES)
			return host->fail(host, 0, "more than %d rules", RULES);
		if (!*text || *text == '=')
			return host->fail(host, 0,
					  "'%s' names no variable: give env:KEY,PREFIX*,KEY=VALUE",
					  options);
		rules[nrules++] = text;
	}
	if (!nrules)
		return host->fail(host, 0, "no variable given: env:KEY,PREFIX*,KEY=VALUE");
	return 0;
}

/* Length of a variable's name. */
static size_t key_len(const char *variable)
{
	return strcspn(variable, "=");
}

static int set(const struct cairn_host *host, const char *variable, const char *value)
{
	char *key = strndup(variable, key_len(variable));
	int ret = key ? host->set_environment(host, 0, key, value) : -ENOMEM;

	if (ret < 0)
		host->fail(host, -ret, "cannot set %s", key ? key : variable);
	free(key);
	return ret;
}

/* What the job has of them goes, what crrestart has comes. */
static int set_all(const struct cairn_host *host, const char *pattern)
{
	size_t n = strlen(pattern) - 1;
	char **e;
	int ret = set(host, pattern, NULL);

	for (e = environ; !ret && *e; e++)
		if (!strncmp(*e, pattern, n) && key_len(*e) > 0)
			ret = set(host, *e, *e + key_len(*e) + 1);
	return ret;
}

static int restart(const struct cairn_host *host)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < nrules && !ret; i++) {
		char *rule = rules[i], *value = strchr(rule, '=');

		if (value)
			ret = set(host, rule, value + 1);
		else if (rule[strlen(rule) - 1] == '*')
			ret = set_all(host, rule);
		else
			ret = set(host, rule, getenv(rule));
	}
	return ret;
}

const struct cairn_plugin cairn_plugin = {
	.abi = CAIRN_PLUGIN_ABI,
	.size = sizeof(cairn_plugin),
	.name = "env",
	.version = "1",
	.init = init,
	.restart = restart,
};
