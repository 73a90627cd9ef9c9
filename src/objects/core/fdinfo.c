// SPDX-License-Identifier: Apache-2.0
//
// /proc/self/fdinfo/N of a duplicate: the kernel's own words about what lies behind a descriptor.
#include "objects/core/fdinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cr_fdinfo(int fd, char **text)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	n = cr_slurp(AT_FDCWD, path, text);
	return n < 0 ? n : 0;
}

bool cr_fdinfo_number(const char *text, const char *key, int base, uint64_t *out)
{
	const char *p = text;

	/* Keys stand at the beginning of a line or, in the long lines, behind a space. */
	while ((p = strstr(p, key))) {
		if (p == text || p[-1] == '\n' || p[-1] == ' ') {
			*out = strtoull(p + strlen(key), NULL, base);
			return true;
		}
		p++;
	}
	return false;
}

int cr_fdinfo_fail(const struct cr_fd_view *v, const char *what, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d: this kernel does not tell enough about its %s (fd %d); the job "
		       "goes on",
		       v->pid, what, v->number);
}

int cr_restored_anon(int fd, const cairn_Description *d, const char *what, struct cr_err *err)
{
	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make %s again", what);
	if (d->flags & O_NONBLOCK)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}
