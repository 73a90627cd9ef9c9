// SPDX-License-Identifier: Apache-2.0
//
// Chooses a backend for a program. Runs in crlaunch and crctl before the program does. Only the
// program itself is looked at: what it executes later may be of another kind, which a checkpoint
// then tells. A file that cannot be read is taken for one that the agent can be loaded into.
#include "criu/choose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/elf_id.h"
#include "common/err.h"
#include "common/io.h"

/* As deep as the kernel follows them. */
#define SCRIPTS 4
/* The dynamic linker that the agent's libc belongs to. */
#define LINKER "ld-linux-x86-64.so.2"

int cr_find_command(const char *command, char *path, struct cr_err *err)
{
	const char *dirs = getenv("PATH"), *end;
	struct stat st;

	if (strchr(command, '/')) {
		snprintf(path, CR_PATH_MAX, "%s", command);
	} else {
		*path = 0;
		for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs; dirs = *end ? end + 1 : end) {
			end = strchrnul(dirs, ':');
			snprintf(path, CR_PATH_MAX, "%.*s%s%s", (int)(end - dirs), dirs,
				 end == dirs ? "" : "/", command);
			if (!access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode))
				break;
			*path = 0;
		}
	}
	if (!*path || (access(path, F_OK) && errno == ENOENT))
		return cr_fail(err, CR_EXIT_NO_COMMAND, ENOENT, "%s", command);
	if (access(path, X_OK))
		return cr_fail(err, CR_EXIT_CANNOT_RUN, errno, "%s", path);
	return 0;
}

/* The word at *p, ended; *p goes behind it. */
static char *choose_word(char **p)
{
	char *w = *p + strspn(*p, " \t");
	size_t n = strcspn(w, " \t\n");

	*p = w[n] && w[n] != '\n' ? w + n + 1 : w + n;
	w[n] = 0;
	return w;
}

/* A script is as good as its interpreter, and env as what it is to run. */
static bool read_interpreter(int fd, char *path)
{
	char line[256], *p = line + 2, *w, found[CR_PATH_MAX];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	line[n < 0 ? 0 : n] = 0;
	if (strncmp(line, "#!", 2))
		return false;
	line[strcspn(line, "\n")] = 0;
	w = choose_word(&p);
	snprintf(path, CR_PATH_MAX, "%s", w);
	w = strrchr(path, '/');
	if (!w || strcmp(w, "/env"))
		return true;
	do
		w = choose_word(&p);
	while (*w == '-' || strchr(w, '='));
	if (*w && !cr_find_command(w, found, NULL))
		snprintf(path, CR_PATH_MAX, "%s", found);
	return true;
}

/* Why the agent cannot be loaded into the file; false if it can. */
static bool unloadable(int fd, const char *path, const struct stat *st, char *why, size_t len)
{
	struct cr_elf_info elf;
	const char *linker;

	if ((st->st_mode & S_ISUID && st->st_uid != getuid()) ||
	    (st->st_mode & S_ISGID && st->st_mode & S_IXGRP && st->st_gid != getgid())) {
		snprintf(why, len,
			 "%.300s is setuid or setgid, so the agent cannot be loaded into it", path);
		return true;
	}
	if (geteuid() && getxattr(path, "security.capability", NULL, 0) > 0) {
		snprintf(why, len,
			 "%.300s has file capabilities, so the agent cannot be loaded into it",
			 path);
		return true;
	}
	if (fd < 0 || cr_elf_read(fd, &elf) || !elf.elf)
		return false;
	linker = strrchr(elf.interpreter_path, '/');
	linker = linker ? linker + 1 : elf.interpreter_path;
	if (!elf.native)
		snprintf(why, len, "%.300s is not a 64-bit x86 program", path);
	else if (!elf.interpreter)
		snprintf(why, len,
			 "%.300s is a static program%s, into which the agent cannot be loaded",
			 path, elf.position_independent ? " (static-pie)" : "");
	else if (strcmp(linker, LINKER))
		snprintf(why, len, "%.300s is for another C library (%.100s) than the agent", path,
			 elf.interpreter_path);
	else
		return false;
	return true;
}

int cr_choose(const char *command, struct cr_choice *out, struct cr_err *err)
{
	int ret = cr_find_command(command, out->path, err), depth;
	struct stat st = { 0 };
	cr_auto_fd fd = -1;

	out->backend = CR_BACKEND_AGENT;
	*out->why = 0;
	if (ret)
		return ret;
	fd = open(out->path, O_RDONLY | O_CLOEXEC);
	for (depth = 0; fd >= 0 && depth < SCRIPTS && read_interpreter(fd, out->path); depth++) {
		close(fd);
		fd = open(out->path, O_RDONLY | O_CLOEXEC);
	}
	if (stat(out->path, &st)) {
		snprintf(out->why, sizeof(out->why), "%.300s cannot be looked at", out->path);
		return 0;
	}
	if (unloadable(fd, out->path, &st, out->why, sizeof(out->why)))
		out->backend = CR_BACKEND_CRIU;
	else
		snprintf(out->why, sizeof(out->why), "the agent can be loaded into %.300s",
			 out->path);
	return 0;
}
