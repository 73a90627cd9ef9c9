// SPDX-License-Identifier: Apache-2.0
//
// podman: its archive holds CRIU's images, what the container has changed in its root file system,
// its volumes, its log and how it was made. The image that it was made from has to be on the node.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/err.h"
#include "common/io.h"
#include "container/command.h"
#include "container/container.h"
#include "container/podman.h"

#define ARCHIVE "checkpoint.tar"

static void read_inspect(struct cr_container *c, struct json_object *o)
{
	struct json_object *state = NULL, *pid;

	c->exists = true;
	snprintf(c->is.id, sizeof(c->is.id), "%s", cr_json_get(o, "Id"));
	snprintf(c->is.name, sizeof(c->is.name), "%s", cr_json_get(o, "Name"));
	snprintf(c->is.image, sizeof(c->is.image), "%s", cr_json_get(o, "ImageName"));
	snprintf(c->is.image_id, sizeof(c->is.image_id), "%s", cr_json_get(o, "Image"));
	snprintf(c->oci, sizeof(c->oci), "%s", cr_json_get(o, "OCIRuntime"));
	if (!json_object_object_get_ex(o, "State", &state))
		return;
	snprintf(c->state, sizeof(c->state), "%s", cr_json_get(state, "Status"));
	c->running = !strcmp(c->state, "running");
	if (json_object_object_get_ex(state, "Pid", &pid))
		c->pid = json_object_get_int(pid);
}

static int podman_look(struct cr_container *c, const char *name, struct cr_err *err)
{
	struct json_object *all = NULL, *o;
	cr_auto_free char *text = NULL;
	char path[CR_PATH_MAX + 16];
	struct cr_command cmd;
	int status;

	c->exists = c->running = false;
	c->pid = 0;
	cr_command_begin(&cmd, c->runtime, "container", "inspect", name, NULL);
	status = cr_command_run(c, &cmd, NULL);
	if (status > 0 && cr_scratch_read(c, "log", &text) > 0 &&
	    (strstr(text, "no such container") || strstr(text, "no container with")))
		return 0;
	if (status)
		return cr_command_failed(c, "look at", err);
	snprintf(path, sizeof(path), "%s/out", c->scratch);
	all = json_object_from_file(path);
	o = all && json_object_is_type(all, json_type_array) ? json_object_array_get_idx(all, 0) :
							       NULL;
	if (o)
		read_inspect(c, o);
	json_object_put(all);
	return o ? 0 :
		   cr_fail(err, CR_EXIT_BACKEND, 0, "cannot read what podman says of %s: see %s",
			   name, path);
}

/* crun has CRIU only if it was built with it, and tells. */
static int podman_fits(struct cr_container *c, struct cr_err *err)
{
	const char *base = strrchr(c->oci, '/');
	struct cr_command cmd = { .v = { c->oci, "--version" }, .n = 2 };
	cr_auto_free char *text = NULL;

	if (strcmp(base ? base + 1 : c->oci, "crun"))
		return 0;
	if (!cr_command_run(c, &cmd, NULL) && cr_scratch_read(c, "out", &text) > 0 &&
	    strstr(text, "+CRIU"))
		return 0;
	return cr_fail(err, CR_EXIT_BACKEND, 0,
		       "container %s runs by crun, which has no CRIU here: start it with podman "
		       "--runtime runc",
		       c->is.name);
}

static void podman_save(struct cr_container *c, const char *dir, struct cr_command *cmd)
{
	cr_command_begin(cmd, c->runtime, "container", "checkpoint", "--print-stats", "--compress",
			 "none", "--file-locks", "--export", NULL);
	cr_command_format(cmd, "%s/" ARCHIVE, dir);
	cr_command_add(cmd, c->stopping ? "--keep" : "--leave-running");
	if (c->tcp)
		cr_command_add(cmd, "--tcp-established");
	cr_command_add(cmd, c->is.id);
}

static int64_t stall(const char *out)
{
	static const char key[] = "\"frozen_time\":";
	const char *at = strstr(out, key);

	return at ? strtoll(at + strlen(key), NULL, 10) * 1000 : 0;
}

static int podman_check(struct cr_container *c, struct cr_restart *r, struct cr_err *err)
{
	struct cr_command cmd;

	cr_command_begin(&cmd, c->runtime, "image", "exists", c->is.image_id, NULL);
	if (!cr_command_run(c, &cmd, NULL))
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, 0,
		       "podman has no image %s (%.12s) here, which the container was made from: "
		       "bring it with podman pull, or podman save and load",
		       c->is.image, c->is.image_id);
}

static void podman_removal(struct cr_container *c, struct cr_command *cmd)
{
	cr_command_begin(cmd, c->runtime, "rm", "--force", "--time", "0", c->is.id, NULL);
}

/* What volumes hold on this node stays: podman has its reasons not to change them. */
static bool volume_is_there(struct cr_container *c)
{
	cr_auto_free char *text = NULL;

	return cr_scratch_read(c, "log", &text) > 0 && strstr(text, "--ignore-volumes");
}

static int podman_restore(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
			  struct cr_err *err)
{
	bool ignore = false;
	int status;

	do {
		struct cr_command cmd;

		cr_command_begin(&cmd, c->runtime, "container", "restore", "--file-locks", NULL);
		if (c->tcp)
			cr_command_add(&cmd, "--tcp-established");
		if (c->as[0])
			cr_command_format(&cmd, "--name=%s", c->as);
		if (ignore)
			cr_command_add(&cmd, "--ignore-volumes");
		cr_command_format(&cmd, "--import=%s/" ARCHIVE, dir);
		status = cr_command_run(c, &cmd, NULL);
	} while (status && !ignore && (ignore = volume_is_there(c)));
	return status ? cr_command_failed(c, "restore", err) : 0;
}

/* From what it keeps beside the container. */
static int podman_again(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
			struct cr_err *err)
{
	struct cr_command cmd;

	cr_command_begin(&cmd, c->runtime, "container", "restore", "--file-locks", NULL);
	if (c->tcp)
		cr_command_add(&cmd, "--tcp-established");
	cr_command_add(&cmd, c->is.id);
	return cr_command_run(c, &cmd, NULL) ? cr_command_failed(c, "restore", err) : 0;
}

static int exit_code(struct cr_container *c)
{
	cr_auto_free char *text = NULL;
	struct cr_command cmd;
	char *end;
	long code;

	cr_command_begin(&cmd, c->runtime, "wait", c->is.id, NULL);
	if (cr_command_run(c, &cmd, NULL) || cr_scratch_read(c, "out", &text) <= 0)
		return -1;
	code = strtol(text, &end, 10);
	return end == text || code < 0 || code > 255 ? -1 : (int)code;
}

const struct cr_runtime cr_podman = {
	.name = "podman",
	.environment = "CR_PODMAN",
	.look = podman_look,
	.fits = podman_fits,
	.save = podman_save,
	.stall = stall,
	.check = podman_check,
	.remove = podman_removal,
	.restore = podman_restore,
	.again = podman_again,
	.exit_code = exit_code,
};
