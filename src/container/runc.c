// SPDX-License-Identifier: Apache-2.0
//
// runc: CRIU's images in a folder. Besides a restart needs the container's config.json, which is
// saved as well, and its root file system, which is not: it has to be on the node. Standard input
// and outputs of the container are pipes or /dev/null; after a restart they are ours.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/proc.h"
#include "container/command.h"
#include "container/container.h"
#include "container/runc.h"
#include "restart/map.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"

#define IMAGES "images"
#define CONFIG "config.json"

static void runc_read_state(struct cr_container *c, struct json_object *o)
{
	struct json_object *pid;

	c->exists = true;
	snprintf(c->is.id, sizeof(c->is.id), "%s", cr_json_get(o, "id"));
	snprintf(c->is.name, sizeof(c->is.name), "%s", c->is.id);
	snprintf(c->is.bundle, sizeof(c->is.bundle), "%s", cr_json_get(o, "bundle"));
	snprintf(c->is.rootfs, sizeof(c->is.rootfs), "%s", cr_json_get(o, "rootfs"));
	snprintf(c->state, sizeof(c->state), "%s", cr_json_get(o, "status"));
	c->running = !strcmp(c->state, "running");
	if (json_object_object_get_ex(o, "pid", &pid))
		c->pid = json_object_get_int(pid);
}

static int runc_look(struct cr_container *c, const char *name, struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	char path[CR_PATH_MAX + 16];
	struct json_object *o;
	struct cr_command cmd;
	int status;

	c->exists = c->running = false;
	c->pid = 0;
	cr_command_begin(&cmd, c->runtime, "state", name, NULL);
	status = cr_command_run(c, &cmd, NULL);
	if (status > 0 && cr_scratch_read(c, "log", &text) > 0 && strstr(text, "does not exist"))
		return 0;
	if (status)
		return cr_command_failed(c, "look at", err);
	snprintf(path, sizeof(path), "%s/out", c->scratch);
	o = json_object_from_file(path);
	if (!o)
		return cr_fail(err, CR_EXIT_BACKEND, 0, "cannot read what runc says of %s: see %s",
			       name, path);
	runc_read_state(c, o);
	json_object_put(o);
	return 0;
}

/* One of standard input and outputs, as the container has it. */
static int fits_fd(struct cr_container *c, int fd, struct cr_err *err)
{
	char name[16], target[CR_PATH_MAX];

	snprintf(name, sizeof(name), "fd/%d", fd);
	if (cr_proc_link(c->pid, name, target) || !strncmp(target, "pipe:", 5) ||
	    !strcmp(target, "/dev/null"))
		return 0;
	if (!strncmp(target, "/dev/pts/", 9) || !strcmp(target, "/dev/tty"))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "container %s has a terminal, which runc cannot save: start it with "
			       "\"terminal\": false, its outputs into pipes or /dev/null",
			       c->is.name);
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "descriptor %d of container %s is %.200s, which runc cannot save: start it "
		       "with its outputs into pipes (as by | cat >FILE) or /dev/null",
		       fd, c->is.name, target);
}

static int runc_fits(struct cr_container *c, struct cr_err *err)
{
	int fd, ret = 0;

	for (fd = 0; fd < 3 && !ret; fd++)
		ret = fits_fd(c, fd, err);
	return ret;
}

static void runc_save(struct cr_container *c, const char *dir, struct cr_command *cmd)
{
	cr_command_begin(cmd, c->runtime, "checkpoint", "--file-locks", "--work-path", c->scratch,
			 "--image-path", NULL);
	cr_command_format(cmd, "%s/" IMAGES, dir);
	if (!c->stopping)
		cr_command_add(cmd, "--leave-running");
	if (c->tcp)
		cr_command_add(cmd, "--tcp-established");
	cr_command_add(cmd, c->is.id);
}

static int write_config(struct json_object *o, const char *dir, struct cr_err *err)
{
	char path[CR_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/" CONFIG, dir);
	if (json_object_to_file_ext(path, o, JSON_C_TO_STRING_PRETTY))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot write %s", path);
	return 0;
}

static struct json_object *read_config(const char *dir, struct cr_err *err)
{
	char path[CR_PATH_MAX + 16];
	struct json_object *o;

	snprintf(path, sizeof(path), "%s/" CONFIG, dir);
	o = json_object_from_file(path);
	if (!o)
		cr_fail(err, CR_EXIT_BACKEND, 0, "cannot read %s, by which the container was made",
			path);
	return o;
}

static int runc_add(struct cr_container *c, const char *dir, struct cr_err *err)
{
	struct json_object *o = read_config(c->is.bundle, err);
	int ret = o ? write_config(o, dir, err) : -ENOENT;

	json_object_put(o);
	return ret;
}

static int runc_check(struct cr_container *c, struct cr_restart *r, struct cr_err *err)
{
	const struct cr_arg_list *maps = &r->sh->options.maps;
	struct stat st;
	int ret = cr_map_path(maps, c->is.rootfs, sizeof(c->is.rootfs), err);

	if (!ret)
		ret = cr_map_path(maps, c->is.bundle, sizeof(c->is.bundle), err);
	if (ret)
		return ret;
	if (c->is.rootfs[0] == '/' && !stat(c->is.rootfs, &st) && S_ISDIR(st.st_mode))
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, 0,
		       "the container's root file system %s is not here: copy it to this node, and "
		       "if it is elsewhere here, say --map %s=PLACE",
		       c->is.rootfs, c->is.rootfs);
}

static void runc_removal(struct cr_container *c, struct cr_command *cmd)
{
	cr_command_begin(cmd, c->runtime, "delete", "--force", c->is.id, NULL);
}

/* A bundle of our own beside the checkpoints: the saved configuration, with the root's place. */
static int make_bundle(struct cr_container *c, const char *dir, char bundle[CR_PATH_MAX],
		       struct cr_err *err)
{
	struct json_object *o = read_config(dir, err), *root;
	int ret = o ? cr_scratch_folder(c, "bundle", bundle, err) : -ENOENT;

	if (!ret && !json_object_object_get_ex(o, "root", &root))
		ret = cr_fail(err, CR_EXIT_DAMAGED, 0, "the saved " CONFIG " names no root");
	if (!ret) {
		json_object_object_add(root, "path", json_object_new_string(c->is.rootfs));
		ret = write_config(o, bundle, err);
	}
	json_object_put(o);
	return ret;
}

/*
 * Where the container had a pipe it gets one again, and a program copies from it to ours: what is
 * at our end can be anything, and a container of runc's can only be saved with pipes. What was a
 * pipe for both outputs is one.
 */
static int make_stdio(struct cr_container *c, struct cr_shepherd *sh, const char *dir, int fds[3],
		      struct cr_err *err)
{
	char path[CR_PATH_MAX + 32];
	const char *what[3] = { "", "", "" };
	struct json_object *o;
	int i, ret = 0;

	snprintf(path, sizeof(path), "%s/" IMAGES "/descriptors.json", dir);
	o = json_object_from_file(path);
	for (i = 0; i < 3 && o && json_object_is_type(o, json_type_array); i++)
		if ((size_t)i < json_object_array_length(o))
			what[i] = json_object_get_string(json_object_array_get_idx(o, i));
	for (i = 0; i < 3 && !ret; i++) {
		int ends[2];

		fds[i] = -1;
		if (!what[i] || strncmp(what[i], "pipe:", 5))
			continue;
		if (i == 2 && what[1] && !strcmp(what[1], what[2])) {
			fds[2] = dup(fds[1]);
			continue;
		}
		if (pipe2(ends, O_CLOEXEC)) {
			ret = cr_fail(err, CR_EXIT_INTERNAL, errno, "pipe");
			break;
		}
		fds[i] = ends[!!i];
		if (i)
			ret = cr_container_relay(sh, c, ends[0], i, err);
		close(ends[!i]);
	}
	json_object_put(o);
	return ret;
}

static int run_restore(struct cr_container *c, const char *dir, const char *bundle,
		       const int fds[3], struct cr_err *err)
{
	int own[3], i, null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	struct cr_command cmd;

	cr_command_begin(&cmd, c->runtime, "--log", NULL);
	cr_command_format(&cmd, "%s/log", c->scratch);
	cr_command_add(&cmd, "restore");
	cr_command_add(&cmd, "--detach");
	cr_command_add(&cmd, "--file-locks");
	if (c->tcp)
		cr_command_add(&cmd, "--tcp-established");
	cr_command_format(&cmd, "--bundle=%s", bundle);
	cr_command_format(&cmd, "--work-path=%s", c->scratch);
	cr_command_format(&cmd, "--image-path=%s/" IMAGES, dir);
	cr_command_add(&cmd, c->as[0] ? c->as : c->is.id);
	for (i = 0; i < 3; i++)
		own[i] = fds[i] < 0 ? null : fds[i];
	close(cr_scratch_open(c, "log"));
	status = cr_command_run(c, &cmd, own);
	close(null);
	return status ? cr_command_failed(c, "restore", err) : 0;
}

static int runc_restore(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
			struct cr_err *err)
{
	int fds[3] = { -1, -1, -1 }, i, ret;
	char bundle[CR_PATH_MAX];

	ret = make_bundle(c, dir, bundle, err);
	if (!ret)
		ret = make_stdio(c, sh, dir, fds, err);
	if (!ret)
		ret = run_restore(c, dir, bundle, fds, err);
	for (i = 0; i < 3; i++)
		cr_close_fd(&fds[i]);
	return ret;
}

static int runc_again(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
		      struct cr_err *err)
{
	return run_restore(c, dir, c->is.bundle, c->stdio, err);
}

const struct cr_runtime cr_runc = {
	.name = "runc",
	.environment = "CR_RUNC",
	.look = runc_look,
	.fits = runc_fits,
	.save = runc_save,
	.add = runc_add,
	.check = runc_check,
	.remove = runc_removal,
	.restore = runc_restore,
	.again = runc_again,
};
