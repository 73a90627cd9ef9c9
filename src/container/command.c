// SPDX-License-Identifier: Apache-2.0
//
// Running the runtimes' commands, and what they say when they fail.
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "container/command.h"
#include "container/container.h"
#include "criu/log.h"

void cr_command_add(struct cr_command *cmd, const char *word)
{
	if (cmd->n + 1 < CR_ARRAY_SIZE(cmd->v))
		cmd->v[cmd->n++] = (char *)word;
	cmd->v[cmd->n] = NULL;
}

static void command_keep(struct cr_command *cmd, char *word)
{
	if (word && cmd->ncopies < CR_ARRAY_SIZE(cmd->copies))
		cmd->copies[cmd->ncopies++] = word;
}

void cr_command_format(struct cr_command *cmd, const char *format, ...)
{
	char *word = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&word, format, ap) < 0)
		word = NULL;
	va_end(ap);
	command_keep(cmd, word);
	cr_command_add(cmd, word);
}

void cr_command_begin(struct cr_command *cmd, const struct cr_runtime *runtime, ...)
{
	const char *set = getenv(runtime->environment);
	char *copy = strdup(set && *set ? set : runtime->name), *word, *at = NULL;
	va_list ap;

	memset(cmd, 0, sizeof(*cmd));
	command_keep(cmd, copy);
	for (word = copy ? strtok_r(copy, " ", &at) : NULL; word; word = strtok_r(NULL, " ", &at))
		cr_command_add(cmd, word);
	va_start(ap, runtime);
	while ((word = va_arg(ap, char *)))
		cr_command_add(cmd, word);
	va_end(ap);
}

void cr_command_free(struct cr_command *cmd)
{
	while (cmd->ncopies)
		free(cmd->copies[--cmd->ncopies]);
}

int cr_scratch_open(const struct cr_container *c, const char *name)
{
	char path[CR_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", c->scratch, name);
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

ssize_t cr_scratch_read(const struct cr_container *c, const char *name, char **out)
{
	char path[CR_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", c->scratch, name);
	return cr_slurp(AT_FDCWD, path, out);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void cr_scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int cr_scratch_anew(const char *path, struct cr_err *err)
{
	int ret;

	cr_scratch_remove(path);
	ret = cr_mkdir_p(path, 0700);
	return ret ? cr_fail(err, CR_EXIT_IO, -ret, "cannot make %s", path) : 0;
}

int cr_scratch_folder(const struct cr_container *c, const char *name, char out[CR_PATH_MAX],
		      struct cr_err *err)
{
	if (snprintf(out, CR_PATH_MAX, "%s/%s", c->scratch, name) >= CR_PATH_MAX)
		return cr_fail(err, CR_EXIT_IO, ENAMETOOLONG, "%s", c->scratch);
	return cr_scratch_anew(out, err);
}

int cr_command_run(struct cr_container *c, struct cr_command *cmd, const int fds[3])
{
	static const char *const names[] = { "in", "out", "log" };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int i, error, status = 0, own[3] = { -1, -1, -1 };
	sigset_t none;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (i = 0; i < 3; i++) {
		int fd = fds ? fds[i] : -1;

		if (fd < 0)
			fd = own[i] = i ? cr_scratch_open(c, names[i]) :
					  open("/dev/null", O_RDWR | O_CLOEXEC);
		posix_spawn_file_actions_adddup2(&actions, fd, i);
	}
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	error = posix_spawnp(&pid, cmd->v[0], &actions, &attr, cmd->v, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	for (i = 0; i < 3; i++)
		cr_close_fd(&own[i]);
	while (!error && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			error = errno;
	cr_command_free(cmd);
	return error ? -error : status;
}

/* The path behind "log file: ", as runc names CRIU's log, between any quotes. */
static bool criu_log(const char *text, char path[CR_PATH_MAX])
{
	static const char *const before = "log file: ";
	const char *at = strstr(text, before);
	size_t n;

	if (!at)
		return false;
	at += strlen(before);
	n = strcspn(at, " \n\"\\:`");
	if (*at != '/' || n >= CR_PATH_MAX)
		return false;
	snprintf(path, CR_PATH_MAX, "%.*s", (int)n, at);
	return !access(path, R_OK);
}

/* The last line that says something; podman's very last one may tell a status only. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text), *at;

	for (;;) {
		while (end > text && strchr(" \t\r\n", end[-1]))
			*--end = 0;
		at = strrchr(text, '\n');
		if (!at || strncmp(at + 1, "Error: exit status", 18))
			return at ? at + 1 : text;
		*at = 0;
		end = at;
	}
}

int cr_command_failed(struct cr_container *c, const char *doing, struct cr_err *err)
{
	char path[CR_PATH_MAX + 16], log[CR_PATH_MAX + 16], cause[400] = "";
	int status = CR_EXIT_BACKEND;
	cr_auto_free char *text = NULL;

	snprintf(path, sizeof(path), "%s/log", c->scratch);
	if (cr_slurp(AT_FDCWD, path, &text) < 0)
		return cr_fail(err, CR_EXIT_BACKEND, 0, "%s cannot %s container %s",
			       c->runtime->name, doing, c->is.name);
	if (strstr(text, "does not support checkpoint"))
		return cr_fail(err, CR_EXIT_BACKEND, 0,
			       "the runtime of container %s knows no checkpoints: start it with "
			       "%s --runtime runc",
			       c->is.name, c->runtime->name);
	if (criu_log(text, log)) {
		status = cr_criu_log_cause(AT_FDCWD, log, cause, sizeof(cause));
	} else {
		snprintf(log, sizeof(log), "%s", path);
		snprintf(cause, sizeof(cause), "%s", last_line(text));
	}
	return cr_fail(err, status, 0, "%s cannot %s container %s: %s (log: %s)", c->runtime->name,
		       doing, c->is.name, *cause ? cause : "it does not say why", log);
}

const char *cr_json_get(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : "";
}
