// SPDX-License-Identifier: Apache-2.0
//
// Commands on another host by the user's own ssh. What its login shell may be does not matter: the
// script is sh's, in single quotes, which all of them take.
#include "tools/ssh_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"

int cr_ssh_spawn(char *const argv[], const int fds[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults, none;
	int error, i;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGHUP);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			posix_spawn_file_actions_adddup2(&actions, fds[i], i);
		else
			posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -error;
}

int cr_ssh_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A single quote ends the quotes, stands alone with a backslash, and begins them again. */
static void quote(FILE *to, const char *text)
{
	fputs(" '", to);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", to);
		else
			putc(*text, to);
	putc('\'', to);
}

static char *remote_command(const struct cr_ssh_script *s)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	const char *const *a;

	if (!to)
		return NULL;
	fputs("sh -c", to);
	quote(to, s->text);
	fputs(" sh", to);
	for (a = s->args; *a; a++)
		quote(to, *a);
	return fclose(to) ? NULL : text;
}

int cr_ssh_run(const struct cr_ssh *ssh, const struct cr_ssh_script *s)
{
	cr_auto_free char *remote = remote_command(s), *local = NULL, *line = NULL;
	char *argv[] = { "sh", "-c", NULL, "sh", (char *)ssh->host, remote, NULL };
	int p[2], fds[3] = { s->in, -1, STDERR_FILENO }, ret;
	size_t room = 0;
	ssize_t n;
	pid_t pid;
	FILE *from;

	if (!remote || asprintf(&local, "exec %s \"$@\"", ssh->command) < 0)
		return -ENOMEM;
	argv[2] = local;
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	fds[1] = p[1];
	ret = cr_ssh_spawn(argv, fds, &pid);
	close(p[1]);
	from = ret ? NULL : fdopen(p[0], "r");
	if (!from) {
		close(p[0]);
		return ret ? ret : -ENOMEM;
	}
	while ((n = getline(&line, &room, from)) > 0) {
		line[strcspn(line, "\r\n")] = 0;
		s->line(line, s->arg);
	}
	fclose(from);
	return cr_ssh_wait(pid);
}
