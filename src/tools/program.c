// SPDX-License-Identifier: Apache-2.0
//
// Whether an agent can be loaded into a command. Hosted code; looks at files only.
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/elf_id.h"
#include "common/io.h"

static int find_command(const char *command, char *path, struct cr_err *err)
{
	const char *dirs = getenv("PATH"), *end;

	if (strchr(command, '/')) {
		snprintf(path, CR_PATH_MAX, "%s", command);
	} else {
		*path = 0;
		for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs; dirs = *end ? end + 1 : end) {
			end = strchrnul(dirs, ':');
			snprintf(path, CR_PATH_MAX, "%.*s%s%s", (int)(end - dirs), dirs,
				 end == dirs ? "" : "/", command);
			if (!access(path, X_OK))
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

/* A script is as good as its interpreter. */
static bool read_interpreter(int fd, char *path)
{
	char line[256];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *p = line + 2;

	line[n < 0 ? 0 : n] = 0;
	if (strncmp(line, "#!", 2))
		return false;
	p += strspn(p, " \t");
	p[strcspn(p, " \t\n")] = 0;
	snprintf(path, CR_PATH_MAX, "%s", p);
	return true;
}

int cr_program_check(const char *command, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	struct cr_elf_info elf;
	cr_auto_fd fd = -1;
	struct stat st;
	int ret = find_command(command, path, err), depth;

	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (depth = 0; fd >= 0 && depth < 4 && read_interpreter(fd, path); depth++) {
		close(fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) || cr_elf_read(fd, &elf))
		return 0;
	if (elf.elf && !elf.interpreter)
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"%s is a static program, into which the agent cannot be loaded; build "
			"it dynamically linked",
			path);
	if (elf.elf && !elf.native)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "%s is not a 64-bit x86 program", path);
	if (st.st_mode & (S_ISUID | S_ISGID) && st.st_uid != geteuid())
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "%s is setuid or setgid, so the agent cannot be loaded into it",
			       path);
	if (geteuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "%s has file capabilities, so the agent cannot be loaded into it; "
			       "run a copy without (cp drops them)",
			       path);
	return 0;
}
