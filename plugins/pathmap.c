// SPDX-License-Identifier: Apache-2.0
//
// pathmap: at a restart, changes the paths of the job's programs, libraries, folders and open files
// by the rules of a file, as crrestart --map does by its options. The job's memory stays as it is.
//
//   --plugin pathmap:FILE
//
// Each line of FILE is a rule, a comment behind #, or empty. The first rule that fits counts:
//   OLD -> NEW             what is OLD, or below it, is at NEW
//   ~REGEX -> REPLACEMENT  an extended regular expression; \1 to \9 are its groups, \0 all of it;
//                          what it does not match of the path stays
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/plugin.h"

#define GROUPS 10

struct rule {
	char *old; /* of a prefix; NULL: regex */
	regex_t regex;
	char *new;
};

static struct rule *rules;
static size_t nrules;

/* Without blanks at either end. */
static char *trimmed(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = 0;
	return text;
}

/* Without slashes at its end. */
static void cut_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
}

static int bad(const struct cairn_host *host, const char *file, unsigned int line, const char *why)
{
	return host->fail(host, 0, "%s, line %u: %s", file, line, why);
}

static int add(const struct cairn_host *host, const char *file, unsigned int line, char *text)
{
	struct rule *more = realloc(rules, (nrules + 1) * sizeof(*rules)), *r;
	char *arrow = strstr(text, " -> "), why[128];
	int error;

	if (!more)
		return host->fail(host, ENOMEM, "%s", file);
	rules = more;
	r = &rules[nrules];
	memset(r, 0, sizeof(*r));
	if (!arrow)
		return bad(host, file, line, "no ' -> ' in it");
	*arrow = 0;
	r->new = strdup(trimmed(arrow + 4));
	text = trimmed(text);
	if (*text == '~') {
		error = regcomp(&r->regex, text + 1, REG_EXTENDED);
		if (error) {
			regerror(error, &r->regex, why, sizeof(why));
			return bad(host, file, line, why);
		}
	} else {
		r->old = strdup(text);
		if (r->old && r->new && (*r->old != '/' || *r->new != '/'))
			return bad(host, file, line, "both paths have to be absolute");
		if (r->old && r->new) {
			cut_slashes(r->old);
			cut_slashes(r->new);
		}
	}
	if (!r->new || (*text != '~' && !r->old))
		return host->fail(host, ENOMEM, "%s", file);
	nrules++;
	return 0;
}

static int init(const struct cairn_host *host, const char *options)
{
	unsigned int line = 0;
	char *text = NULL;
	size_t room = 0;
	int ret = 0;
	FILE *f;

	/* The job is about to be started: the rules may be written later. */
	if (host->course != CAIRN_RESTART)
		return 0;
	if (!*options)
		return host->fail(host, 0, "give the file with the rules: pathmap:FILE");
	f = fopen(options, "re");
	if (!f)
		return host->fail(host, errno, "cannot read the rules, %s", options);
	while (!ret && getline(&text, &room, f) > 0) {
		char *rule = trimmed(text);

		line++;
		if (*rule && *rule != '#')
			ret = add(host, options, line, rule);
	}
	free(text);
	fclose(f);
	return ret;
}

/* Adds n bytes; how many there are then, more than room if they do not fit. */
static size_t put(char *to, size_t at, size_t room, const char *text, size_t n)
{
	if (at + n < room) {
		memcpy(to + at, text, n);
		to[at + n] = 0;
	}
	return at + n;
}

static size_t replace(const struct rule *r, const char *from, const regmatch_t *m, char *to,
		      size_t room)
{
	size_t at = put(to, 0, room, from, m[0].rm_so);
	const char *p;

	for (p = r->new; *p; p++) {
		const regmatch_t *g = p[1] >= '0' && p[1] <= '9' ? &m[p[1] - '0'] : NULL;

		if (*p != '\\' || !p[1]) {
			at = put(to, at, room, p, 1);
			continue;
		}
		p++;
		if (!g)
			at = put(to, at, room, p, 1);
		else if (g->rm_so >= 0)
			at = put(to, at, room, from + g->rm_so, g->rm_eo - g->rm_so);
	}
	return put(to, at, room, from + m[0].rm_eo, strlen(from + m[0].rm_eo));
}

static int path(const struct cairn_host *host, const char *from, char *to, size_t room)
{
	regmatch_t m[GROUPS];
	size_t i, n, len;

	for (i = 0; i < nrules; i++) {
		const struct rule *r = &rules[i];

		n = r->old ? strlen(r->old) : 0;
		if (!r->old && regexec(&r->regex, from, GROUPS, m, 0))
			continue;
		if (r->old && (strncmp(from, r->old, n) || (n > 1 && from[n] && from[n] != '/')))
			continue;
		if (!r->old)
			len = replace(r, from, m, to, room);
		else if (n == 1 || !strcmp(r->new, "/"))
			len = snprintf(to, room, "%s%s%s", strcmp(r->new, "/") ? r->new : "",
				       n == 1  ? "" :
				       from[n] ? "" :
						 "/",
				       n == 1 ? from : from + n);
		else
			len = snprintf(to, room, "%s%s", r->new, from + n);
		if (len >= room)
			return host->fail(host, ENAMETOOLONG, "%s", from);
		return strcmp(from, to) != 0;
	}
	return 0;
}

const struct cairn_plugin cairn_plugin = {
	.abi = CAIRN_PLUGIN_ABI,
	.size = sizeof(cairn_plugin),
	.name = "pathmap",
	.version = "1",
	.init = init,
	.path = path,
};
