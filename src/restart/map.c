// SPDX-License-Identifier: Apache-2.0
//
// --map OLD=NEW, and what plugins say of paths: those of an image, changed before anything looks at
// them: programs, libraries, directories, open files and FIFOs. The job's memory and environment
// stay as they are. Hosted code of crrestart; only the image in memory is changed, so the next
// checkpoint has the new paths.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/image.h"
#include "objects/core/policy.h"
#include "plugin/plugin_call.h"
#include "plugin/plugin.h"
#include "restart/map.h"
#include "shepherd/options.h"

/* Length of OLD without slashes at its end. */
static size_t old_len(const char *map)
{
	size_t n = strchr(map, '=') - map;

	while (n > 1 && map[n - 1] == '/')
		n--;
	return n;
}

/* The map with the longest OLD that is the path or above it. */
static const char *map_find(const struct cr_arg_list *maps, const char *path)
{
	const char *best = NULL;
	unsigned int i;

	for (i = 0; i < maps->n; i++) {
		size_t n = old_len(maps->v[i]);

		if (strncmp(path, maps->v[i], n) || (path[n] && path[n] != '/' && n > 1))
			continue;
		if (!best || n > old_len(best))
			best = maps->v[i];
	}
	return best;
}

/* What changes paths: --map first, then each plugin. */
struct change {
	const struct cr_arg_list *maps;
	struct cr_plugins *plugins;
	struct cr_plugin_msg call; /* the last one of a plugin, */
	char from[CR_PATH_MAX]; /* about this: mappings of one file follow each other */
};

static int ask_plugins(struct change *c, char *path, size_t room, struct cr_err *err)
{
	size_t i;
	int ret;

	if (path[0] != '/')
		return 0;
	if (strcmp(path, c->from)) {
		snprintf(c->from, sizeof(c->from), "%s", path);
		snprintf(c->call.path, sizeof(c->call.path), "%s", path);
		for (i = 0; i < c->plugins->n; i++) {
			struct cr_plugin *p = &c->plugins->v[i];

			if (!cr_plugin_has(p, CR_HOOK_PATH))
				continue;
			c->call.hook = CR_HOOK_PATH;
			ret = cr_plugin_call(c->plugins, p, &c->call, NULL, 0, -1, NULL, NULL, err);
			if (ret < 0)
				return ret;
		}
	}
	if (strlen(c->call.path) >= room)
		return cr_fail(err, CR_EXIT_PLUGIN, ENAMETOOLONG, "%s", c->call.path);
	strcpy(path, c->call.path);
	return 0;
}

int cr_map_path(const struct cr_arg_list *maps, char *path, size_t room, struct cr_err *err)
{
	const char *map = map_find(maps, path), *new, *rest;
	char out[CR_PATH_MAX * 2], real[CR_PATH_MAX];
	size_t n;

	if (!map)
		return 0;
	new = strchr(map, '=') + 1;
	/* Links on the way to it are meant; none that is put there later is. */
	if (realpath(new, real))
		new = real;
	n = strlen(new);
	while (n > 1 && new[n - 1] == '/')
		n--;
	rest = path + (old_len(map) > 1 ? old_len(map) : 0);
	if (n == 1 && *rest)
		n = 0;
	if (snprintf(out, sizeof(out), "%.*s%s", (int)n, new, rest) >= (int)room)
		return cr_fail(err, CR_EXIT_USAGE, ENAMETOOLONG, "--map %s: %s", map, path);
	strcpy(path, out);
	return 0;
}

static int change(struct change *c, char *path, size_t room, struct cr_err *err)
{
	int ret = cr_map_path(c->maps, path, room, err);

	return ret || !c->plugins ? ret : ask_plugins(c, path, room, err);
}

#define CHANGE(field)                                              \
	do {                                                       \
		int ret_ = change(c, (field), sizeof(field), err); \
		if (ret_)                                          \
			return ret_;                               \
	} while (0)

/* Rules were written for the old places. */
static int change_rules(const struct cr_arg_list *maps, struct cr_file_rules *rules,
			struct cr_err *err)
{
	struct cr_file_rules old = *rules;
	char rule[CR_PATH_MAX];
	size_t at;

	rules->len = 0;
	for (at = 0; at < old.len; at += strlen(old.text + at) + 1) {
		snprintf(rule, sizeof(rule), "%s", old.text + at);
		if (cr_map_path(maps, rule, sizeof(rule), err))
			return -EINVAL;
		if (cr_file_rule_add(rules, rule, err))
			return -EINVAL;
	}
	return 0;
}

static int change_mapped(struct change *c, char **path, struct cr_err *err)
{
	char out[CR_PATH_MAX];

	snprintf(out, sizeof(out), "%s", *path);
	CHANGE(out);
	if (!strcmp(out, *path))
		return 0;
	free(*path);
	*path = strdup(out);
	return *path ? 0 : cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "--map");
}

static int change_process(struct change *c, struct cr_process_image *p, struct cr_err *err)
{
	size_t i;
	int ret;

	CHANGE(p->process.exe);
	CHANGE(p->process.cwd);
	if (strcmp(p->process.root, "/"))
		CHANGE(p->process.root);
	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].kind == cairn_VmaKind_VMA_FILE &&
		    (ret = change_mapped(c, &p->vmas.v[i].path, err)))
			return ret;
	return 0;
}

static int map_check(const struct cr_arg_list *maps, struct cr_err *err)
{
	struct stat st;
	unsigned int i;

	for (i = 0; i < maps->n; i++)
		if (stat(strchr(maps->v[i], '=') + 1, &st))
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "--map %s: the new place cannot be used", maps->v[i]);
	return 0;
}

static int change_all(struct change *c, struct cr_image *img, struct cr_file_rules *rules,
		      struct cr_err *err)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (change_process(c, &img->processes.v[i], err))
			return -EINVAL;
	/* Names such as pipe:[1] have no slash at their beginning, so none fits. */
	for (i = 0; i < img->descriptions.n; i++)
		CHANGE(img->descriptions.v[i].path);
	for (i = 0; i < img->inodes.n; i++)
		CHANGE(img->inodes.v[i].path);
	for (i = 0; i < img->pipes.n; i++)
		CHANGE(img->pipes.v[i].path);
	for (i = 0; i < img->inotify_watches.n; i++)
		CHANGE(img->inotify_watches.v[i].path);
	return c->maps->n ? change_rules(c->maps, rules, err) : 0;
}

int cr_restart_map(struct cr_image *img, const struct cr_arg_list *maps, struct cr_plugins *plugins,
		   struct cr_file_rules *rules, struct cr_err *err)
{
	struct change *c;
	int ret = maps->n ? map_check(maps, err) : 0;

	if ((!maps->n && !plugins) || ret)
		return ret;
	c = calloc(1, sizeof(*c));
	if (!c)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "--map");
	c->maps = maps;
	c->plugins = plugins;
	ret = change_all(c, img, rules, err);
	free(c);
	return ret;
}
