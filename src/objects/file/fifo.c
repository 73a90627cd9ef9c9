// SPDX-License-Identifier: Apache-2.0
//
// Named FIFOs: a pipe that has a place in the file system, or had. The content travels like a
// pipe's if the job has a reader of it; else it is another's.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "objects/core/reach.h"
#include "objects/file/inode.h"
#include "objects/file/pipe.h"
#include "objects/shape/shape.h"

static bool fifo_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISFIFO(v->st.st_mode);
}

static int fifo_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		     struct cr_err *err)
{
	struct pollfd p = { v->fd, POLLIN, 0 };

	d->deleted = v->deleted;
	if (v->deleted && !cr_inode_note(s, v->fd, &v->st, v->link, true, 0))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
	d->hangup =
		(v->flags & O_ACCMODE) == O_RDONLY && poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return cr_pipe_note(s, v, v->link, &d->object, err);
}

static int fifo_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_pipe_index(r->img, d->object), fd;
	cr_auto_fd writer = -1;

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks FIFO %u", d->object);
	/* Someone must have been there to go. */
	if (d->hangup)
		writer = cr_reach_again(r->pipe_fd[i][0], NULL, O_WRONLY | O_NONBLOCK);
	/* Never waiting for the other end. */
	fd = cr_reach_again(r->pipe_fd[i][0], NULL, (d->flags & O_ACCMODE) | O_NONBLOCK);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot open the FIFO %s again",
			       d->path);
	fcntl(fd, F_SETFL, d->flags & (O_NONBLOCK | O_APPEND | O_NOATIME));
	return fd;
}

const struct cr_object cr_object_fifo = {
	.shape = &cr_shape_fifo,
	.match = fifo_match,
	.save = fifo_save,
	.restore = fifo_restore,
};
