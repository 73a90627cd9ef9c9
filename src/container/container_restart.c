// SPDX-License-Identifier: Apache-2.0
//
// crrestart of a container. What the runtime wrote comes out of the pack, each piece checked, into
// a scratch folder beside the checkpoints; then the runtime restores it. A container of the same
// name that has ended is removed: it is the one that was saved, and it comes back as it was then.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/archive.h"
#include "common/err.h"
#include "common/io.h"
#include "common/runtime.h"
#include "container/command.h"
#include "container/container.h"
#include "container/container_restart.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"
#include "shepherd/stages.h"

int cr_container_check(struct cr_restart *r, struct cr_err *err)
{
	struct cr_container *c;
	int ret;

	if (r->img.containers.n != 1)
		return cr_fail(err, CR_EXIT_DAMAGED, 0,
			       "%s is damaged (it names no container); nothing was started, use an "
			       "older checkpoint",
			       r->img.path);
	c = cr_container_new(r->sh, err);
	if (!c)
		return -ENOMEM;
	c->is = r->img.containers.v[0];
	/* Words of a command: no options. */
	ret = cr_name_check(c->is.id, err);
	if (!ret)
		ret = cr_name_check(c->is.name, err);
	if (!ret && r->sh->options.job.name && strcmp(r->sh->options.job.name, r->img.job.name))
		snprintf(c->as, sizeof(c->as), "%.*s", CR_NAME_MAX, r->sh->options.job.name);
	return ret ? ret : c->runtime->check(c, r, err);
}

/* Nothing else may have its name. */
static int container_restart_make_room(struct cr_container *c, struct cr_err *err)
{
	const char *name = c->as[0] ? c->as : c->is.name;
	cairn_Container saved = c->is;
	struct cr_command cmd;
	int ret = c->runtime->look(c, name, err);
	bool same = !strcmp(c->is.id, saved.id) && !strcmp(c->is.rootfs, saved.rootfs);

	if (!ret && c->exists && c->running)
		ret = cr_fail(err, CR_EXIT_EXISTS, 0,
			      "container %s is running already (give another name with -n)", name);
	else if (!ret && c->exists && !same)
		ret = cr_fail(err, CR_EXIT_EXISTS, 0,
			      "there is another container %s: remove it, or give another name with "
			      "-n",
			      name);
	if (!ret && c->exists) {
		c->runtime->remove(c, &cmd);
		if (cr_command_run(c, &cmd, NULL))
			ret = cr_command_failed(c, "remove the ended", err);
	}
	c->is = saved;
	return ret;
}

static int container_restart_restore(void *of)
{
	struct cr_restart *r = of;
	struct cr_shepherd *sh = r->sh;
	struct cr_container *c = sh->backend_state;
	cr_auto_fd fd = -1;
	char dir[CR_PATH_MAX];
	int ret;

	sh->attached = true;
	ret = cr_container_place(sh, c, r->err);
	if (!ret)
		ret = container_restart_make_room(c, r->err);
	if (!ret)
		ret = cr_scratch_folder(c, "restore", dir, r->err);
	if (ret)
		return ret;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = fd < 0 ? cr_fail(r->err, CR_EXIT_IO, errno, "cannot open %s", dir) :
		       cr_archive_extract(&r->img, fd, r->err);
	if (!ret)
		ret = c->runtime->restore(c, sh, dir, r->err);
	if (!ret)
		ret = cr_container_take(sh, c, c->as[0] ? c->as : c->is.id, r->err);
	cr_scratch_remove(dir);
	return ret;
}

/* It runs, which the others of a cluster's job do not yet: such a job has one member. */
static void container_restart_end(void *of)
{
	struct cr_restart *r = of;

	if (r->err->status && r->sh->root > 0)
		cr_container_kill(r->sh);
}

const struct cr_stage cr_container_restart_stages[] = {
	{ "restoring", container_restart_restore, .undo = container_restart_end,
	  .barrier = cairn_Step_STEP_RESTORED },
	{ "applying", .run = NULL, .barrier = cairn_Step_STEP_READY },
	{ 0 },
};
