// SPDX-License-Identifier: Apache-2.0
//
// crrestart --check: what is in the way of a restart on this node, one line each, or as JSON.
// Starts nothing and changes nothing.
#include <stdio.h>
#include <stdlib.h>

#include "common/image_read.h"
#include "common/json.h"
#include "inspect/inspect_criu.h"
#include "objects/kinds.h"
#include "restart/check.h"
#include "restart/restart_plugins.h"
#include "restart/restart.h"
#include "shepherd/options.h"
#include "shepherd/shepherd.h"
#include "tools/crrestart_check.h"

/* CRIU wants the files that were open or mapped as long as they were. */
static void crrestart_check_criu(const struct cr_restart *r, cr_obstacles *to)
{
	struct cr_criu_facts c;
	size_t i;

	cr_criu_facts_read(&r->img, &c);
	for (i = 0; i < c.files.n; i++) {
		const struct cr_criu_file *f = &c.files.v[i];
		struct cr_err err = { 0 };

		enum cr_need_state state = cr_criu_file_look(f);

		if (state == CR_NEED_MISSING)
			cr_fail(&err, CR_EXIT_CHANGED, 0,
				"%s, which the job maps or has open, is missing (put it back)",
				f->path);
		else if (state == CR_NEED_DIFFERENT)
			cr_fail(&err, CR_EXIT_CHANGED, 0,
				"%s, which the job maps or has open, is not as long as it was (put "
				"it back)",
				f->path);
		cr_obstacle(to, "file", &err);
	}
	cr_criu_facts_free(&c);
}

static void examine(struct cr_restart *r, const char *path,
		    int (*find)(struct cr_restart *r, struct cr_err *err), cr_obstacles *to)
{
	struct cr_options *o = &r->sh->options;
	struct cr_err err = { 0 };
	int ret = cr_image_open(&r->img, path, &err);

	if (!ret)
		ret = cr_restart_cpu(&r->img, o->cpu_ignore, &err);
	if (!ret)
		ret = cr_options_inherit(o, &r->img.job, &err);
	if (!ret)
		ret = cr_restart_change(r, &err);
	cr_obstacle(to, "image", &err);
	if (ret)
		return;
	r->objects.kinds = cr_kinds;
	r->objects.img = &r->img;
	r->objects.outside = &r->sh->outside;
	r->objects.allow_changed = o->allow_changed;
	r->objects.rules = &o->files;
	ret = find(r, &err);
	cr_obstacle(to, "backend", &err);
	cr_restart_examine(r, to);
	if (!r->img.archive_files.n)
		return;
	crrestart_check_criu(r, to);
	if (!ret && r->sh->backend->check(r, &err))
		cr_obstacle(to, r->sh->backend->name, &err);
}

static void crrestart_check_print_json(const char *path, const cr_obstacles *found, bool possible)
{
	struct cr_json j = { .out = stdout };
	size_t i;

	cr_json_object(&j, NULL);
	cr_json_text(&j, "image", path);
	cr_json_bool(&j, "possible", possible);
	cr_json_array(&j, "findings");
	for (i = 0; i < found->list.n; i++) {
		const struct cr_obstacle *o = &found->list.v[i];

		cr_json_object(&j, NULL);
		cr_json_bool(&j, "prevents", o->prevents);
		cr_json_text(&j, "kind", o->kind);
		cr_json_int(&j, "status", o->err.status);
		cr_json_text(&j, "text", o->err.text);
		cr_json_end(&j);
	}
	cr_json_end(&j);
	cr_json_end(&j);
}

static void crrestart_check_print_lines(const char *path, const cr_obstacles *found, bool possible)
{
	size_t i;

	for (i = 0; i < found->list.n; i++) {
		const struct cr_obstacle *o = &found->list.v[i];

		printf("%-10s %s\n", o->prevents ? "prevents" : "different", o->err.text);
	}
	if (possible)
		printf("%s can be restarted here\n", path);
}

int cr_check_restart(struct cr_restart *r, const char *path,
		     int (*find)(struct cr_restart *r, struct cr_err *err), struct cr_err *err)
{
	cr_obstacles found = { .all = true };
	size_t i;

	examine(r, path, find, &found);
	/* The status is that of the first that prevents; the text has been printed. */
	for (i = 0; i < found.list.n && !err->status; i++)
		if (found.list.v[i].prevents)
			err->status = found.list.v[i].err.status;
	if (r->sh->options.json)
		crrestart_check_print_json(path, &found, !err->status);
	else
		crrestart_check_print_lines(path, &found, !err->status);
	free(found.list.v);
	cr_image_free(&r->img);
	return 0;
}
