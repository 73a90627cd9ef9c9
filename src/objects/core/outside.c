// SPDX-License-Identifier: Apache-2.0
//
// What the shepherd was started with: the outside world, of which the job has its part.
#include "objects/core/outside.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"

void cr_outside_read(struct cr_outside *out)
{
	char link[CR_PATH_MAX];
	int fd;

	memset(out, 0, sizeof(*out));
	getrlimit(RLIMIT_NOFILE, &out->limit);
	for (fd = 0; fd < 1024 && out->nslots < CR_SLOTS; fd++) {
		struct cr_slot *s = &out->slots[out->nslots];

		if (fstat(fd, &s->st))
			continue;
		/* Our own library's or a debugger's: not something the job could have inherited. */
		if (fd > 2 && fcntl(fd, F_GETFD) & FD_CLOEXEC)
			continue;
		cr_fd_link(fd, link, sizeof(link));
		s->fd = fd;
		s->tty = isatty(fd);
		out->nslots++;
	}
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0) {
		unsigned int dev = 0;

		if (!ioctl(fd, TIOCGDEV, &dev))
			out->tty = dev;
		close(fd);
	}
}
