// SPDX-License-Identifier: Apache-2.0
//
// --map OLD=NEW: the paths of an image, changed before anything looks at them: programs, libraries,
// directories, open files and FIFOs. The job's memory and environment stay as they are. Hosted code
// of crrestart; only the image in memory is changed, so the next checkpoint has the new paths.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "restart/restart.h"

/* Length of OLD without slashes at its end. */
static size_t old_len(const char *map)
{
	size_t n = strchr(map, '=') - map;

	while (n > 1 && map[n - 1] == '/')
		n--;
	return n;
}

/* The map with the longest OLD that is the path or above it. */
static const char *find(const struct cr_path_maps *maps, const char *path)
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

static int change(const struct cr_path_maps *maps, char *path, size_t room, struct cr_err *err)
{
	const char *map = find(maps, path), *new, *rest;
	char out[CR_PATH_MAX * 2];
	size_t n;

	if (!map)
		return 0;
	new = strchr(map, '=') + 1;
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

#define CHANGE(field)                                                 \
	do {                                                          \
		int ret_ = change(maps, (field), sizeof(field), err); \
		if (ret_)                                             \
			return ret_;                                  \
	} while (0)

/* Rules were written for the old places. */
static int change_rules(const struct cr_path_maps *maps, struct cr_file_rules *rules,
			struct cr_err *err)
{
	struct cr_file_rules old = *rules;
	char rule[CR_PATH_MAX];
	size_t at;

	rules->len = 0;
	for (at = 0; at < old.len; at += strlen(old.text + at) + 1) {
		snprintf(rule, sizeof(rule), "%s", old.text + at);
		CHANGE(rule);
		if (cr_file_rule_add(rules, rule, err))
			return -EINVAL;
	}
	return 0;
}

static int change_mapped(const struct cr_path_maps *maps, char **path, struct cr_err *err)
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

static int change_process(const struct cr_path_maps *maps, struct cr_process_image *p,
			  struct cr_err *err)
{
	size_t i;
	int ret;

	CHANGE(p->process.exe);
	CHANGE(p->process.cwd);
	if (strcmp(p->process.root, "/"))
		CHANGE(p->process.root);
	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].kind == cairn_VmaKind_VMA_FILE &&
		    (ret = change_mapped(maps, &p->vmas.v[i].path, err)))
			return ret;
	return 0;
}

static int check(const struct cr_path_maps *maps, struct cr_err *err)
{
	struct stat st;
	unsigned int i;

	for (i = 0; i < maps->n; i++)
		if (stat(strchr(maps->v[i], '=') + 1, &st))
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "--map %s: the new place cannot be used", maps->v[i]);
	return 0;
}

int cr_restart_map(struct cr_image *img, const struct cr_path_maps *maps,
		   struct cr_file_rules *rules, struct cr_err *err)
{
	size_t i;
	int ret = maps->n ? check(maps, err) : 0;

	if (!maps->n || ret)
		return ret;
	for (i = 0; i < img->processes.n && !ret; i++)
		ret = change_process(maps, &img->processes.v[i], err);
	if (ret)
		return ret;
	/* Names such as pipe:[1] have no slash at their beginning, so none fits. */
	for (i = 0; i < img->descriptions.n; i++)
		CHANGE(img->descriptions.v[i].path);
	for (i = 0; i < img->inodes.n; i++)
		CHANGE(img->inodes.v[i].path);
	for (i = 0; i < img->pipes.n; i++)
		CHANGE(img->pipes.v[i].path);
	for (i = 0; i < img->inotify_watches.n; i++)
		CHANGE(img->inotify_watches.v[i].path);
	return change_rules(maps, rules, err);
}
