// SPDX-License-Identifier: Apache-2.0
//
// Which plugins there are, and where: --plugin FILE[:OPTIONS], and the same in an image. Nothing is
// loaded here. A plugin is known by its file's name without folder and .so: given again, also to a
// restart, it takes the place of the first.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "plugin/list.h"
#include "plugin/plugin.h"

/* Folders of those that came with Cairn, below that of the command: installed, built. */
static const char *const folders[] = { "../lib/cairn/plugins", "plugins", "../../plugins" };

/* Length of FILE. */
static size_t file_len(const char *given)
{
	return strcspn(given, ":");
}

static void stem_of(const char *given, char *stem)
{
	size_t n = file_len(given);
	const char *base = memrchr(given, '/', n);

	base = base ? base + 1 : given;
	n -= base - given;
	if (n > 3 && !memcmp(base + n - 3, ".so", 3))
		n -= 3;
	snprintf(stem, CR_PATH_MAX, "%.*s", (int)n, base);
}

static struct cr_plugin *with_stem(struct cr_plugins *ps, const char *stem)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (!strcmp(ps->v[i].stem, stem))
			return &ps->v[i];
	return NULL;
}

static int list_add(struct cr_plugins *ps, char *given, struct cr_err *err)
{
	char stem[CR_PATH_MAX];
	struct cr_plugin *p;

	if (!given)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "--plugin");
	stem_of(given, stem);
	p = with_stem(ps, stem);
	if (!p && ps->n == CR_PLUGINS_MAX) {
		free(given);
		return cr_fail(err, CR_EXIT_USAGE, 0, "--plugin %s: more than %d", stem,
			       CR_PLUGINS_MAX);
	}
	if (!p)
		p = &ps->v[ps->n++];
	free(p->given);
	*p = (struct cr_plugin){ .given = given, .sock = -1, .ended = -1 };
	strcpy(p->stem, stem);
	p->options = given[file_len(given)] ? given + file_len(given) + 1 : "";
	return 0;
}

int cr_plugins_add(struct cr_plugins *ps, const char *value, struct cr_err *err)
{
	size_t n = file_len(value);
	char file[CR_PATH_MAX], path[PATH_MAX], *given = NULL;

	if (!n || n >= sizeof(file) || value[n - 1] == '/')
		return cr_fail(err, CR_EXIT_USAGE, 0, "--plugin %s: give FILE[:OPTIONS]", value);
	snprintf(file, sizeof(file), "%.*s", (int)n, value);
	/* A restart may be made from another folder. */
	if (strchr(file, '/') && !realpath(file, path))
		return cr_fail(err, CR_EXIT_USAGE, errno, "--plugin %s", file);
	if (asprintf(&given, "%s%s", strchr(file, '/') ? path : file, value + n) < 0)
		given = NULL;
	return list_add(ps, given, err);
}

int cr_plugins_inherit(struct cr_plugins *ps, const char *list, size_t len, struct cr_err *err)
{
	struct cr_plugins now = *ps;
	char stem[CR_PATH_MAX];
	size_t at, n, i;
	int ret = 0;

	/* In the order of the image; what is new comes behind. */
	memset(ps->v, 0, sizeof(ps->v));
	ps->n = 0;
	for (at = 0; at < len && !ret; at += n + 1) {
		struct cr_plugin *same;

		n = strnlen(list + at, len - at);
		if (!n || n == len - at || file_len(list + at) >= CR_PATH_MAX) {
			ret = cr_fail(err, CR_EXIT_DAMAGED, 0, "the image's list of plugins");
			break;
		}
		stem_of(list + at, stem);
		same = with_stem(&now, stem);
		ret = list_add(ps, strdup(same ? same->given : list + at), err);
	}
	for (i = 0; i < now.n && !ret; i++)
		if (!with_stem(ps, now.v[i].stem))
			ret = list_add(ps, strdup(now.v[i].given), err);
	cr_plugins_free(&now);
	return ret;
}

ssize_t cr_plugins_list(const struct cr_plugins *ps, char *list, size_t room)
{
	size_t at = 0, i, n;

	for (i = 0; i < ps->n; i++) {
		n = strlen(ps->v[i].given) + 1;
		if (n > room - at)
			return -ENOSPC;
		memcpy(list + at, ps->v[i].given, n);
		at += n;
	}
	return at;
}

/* Without a slash: those of Cairn, in the first folder that has it. */
static int list_search(struct cr_plugin *p)
{
	char self[CR_PATH_MAX], path[2 * CR_PATH_MAX + 64], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	self[len < 0 ? 0 : len] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	for (i = 0; i <= CR_ARRAY_SIZE(folders); i++) {
		if (i < CR_ARRAY_SIZE(folders))
			snprintf(path, sizeof(path), "%s/%s/%s.so", self, folders[i], p->stem);
		else
			snprintf(path, sizeof(path), PKGLIBDIR "/plugins/%s.so", p->stem);
		if (!access(path, R_OK) && strlen(path) < sizeof(p->file)) {
			strcpy(p->file, path);
			return 0;
		}
	}
	return -ENOENT;
}

int cr_plugins_find(struct cr_plugins *ps, struct cr_err *err)
{
	size_t i, n;

	for (i = 0; i < ps->n; i++) {
		struct cr_plugin *p = &ps->v[i];

		n = file_len(p->given);
		if (!memchr(p->given, '/', n)) {
			if (list_search(p))
				return cr_fail(
					err, CR_EXIT_PLUGIN, 0,
					"the plugin %s is not here: it belongs into " PKGLIBDIR
					"/plugins (or give its file, --plugin "
					"/PATH/%s.so)",
					p->stem, p->stem);
			continue;
		}
		snprintf(p->file, sizeof(p->file), "%.*s", (int)n, p->given);
		if (access(p->file, R_OK))
			return cr_fail(err, CR_EXIT_PLUGIN, errno,
				       "the plugin %s cannot be read (if it is elsewhere now: "
				       "--plugin /PATH/%s.so)",
				       p->file, p->stem);
	}
	return 0;
}

struct cr_plugin *cr_plugin_named(struct cr_plugins *ps, const char *name)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (ps->v[i].name[0] && !strcmp(ps->v[i].name, name))
			return &ps->v[i];
	return NULL;
}

void cr_plugins_free(struct cr_plugins *ps)
{
	size_t i;

	for (i = 0; i < ps->n; i++) {
		free(ps->v[i].given);
		free(ps->v[i].data);
	}
	memset(ps->v, 0, sizeof(ps->v));
	ps->n = 0;
}
