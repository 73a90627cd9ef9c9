// SPDX-License-Identifier: Apache-2.0
//
// The shepherd's own terminal, by whatever name it was opened; opened again as /dev/tty.
#include "objects/tty/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "objects/core/outside.h"
#include "objects/shape/shape.h"

bool cr_is_own_terminal(int fd)
{
	pid_t session;

	/* It is told of no other. */
	return !ioctl(fd, TIOCGSID, &session);
}

static bool tty_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	/* Of a pty's master the kernel would tell its slave's session. */
	return S_ISCHR(v->st.st_mode) && v->st.st_rdev != makedev(5, 2) &&
	       cr_is_own_terminal(v->fd);
}

static int tty_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		    struct cr_err *err)
{
	strcpy(d->path, "/dev/tty");
	return 0;
}

static int tty_open(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd =
		open("/dev/tty", (d->flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_CLOEXEC | O_NOCTTY);
	unsigned int i;

	for (i = 0; i < r->outside->nslots && fd < 0; i++)
		if (r->outside->slots[i].tty)
			fd = fcntl(r->outside->slots[i].fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the job had its terminal open, and there is none here (restart it "
			       "from a terminal)");
	return fd;
}

static int tty_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	return tty_open(r, d, err);
}

static int tty_examine(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	cr_auto_fd fd = tty_open(r, d, err);

	return fd < 0 ? fd : 0;
}

const struct cr_object cr_object_tty = {
	.shape = &cr_shape_tty,
	.match = tty_match,
	.save = tty_save,
	.restore = tty_restore,
	.examine = tty_examine,
	.lacks = "terminal",
};
