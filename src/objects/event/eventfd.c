// SPDX-License-Identifier: Apache-2.0
//
// eventfd: a counter, and whether reads take one or all.
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "objects/core/fdinfo.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"

static int eventfd_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	uint64_t semaphore = 0;

	if (cr_fdinfo(v->fd, &text) ||
	    !cr_fdinfo_number(text, "eventfd-count:", 16, &d->event.count))
		return cr_fdinfo_fail(v, "eventfd", err);
	/* Told since Linux 6.5; before, nobody can know. */
	if (!cr_fdinfo_number(text, "eventfd-semaphore:", 10, &semaphore))
		cr_remark(s, "process %d: if eventfd %d is a semaphore it comes back as a counter",
			  v->pid, v->number);
	d->event.semaphore = semaphore;
	d->has_event = true;
	return 0;
}

static int eventfd_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | (d->event.semaphore ? EFD_SEMAPHORE : 0));
	uint64_t count = d->event.count;

	/* The kernel alone can bring it to the very top; as near as a write comes. */
	if (count == UINT64_MAX)
		count--;
	if (fd >= 0 && count && write(fd, &count, sizeof(count)) != sizeof(count)) {
		close(fd);
		fd = -1;
	}
	return cr_restored_anon(fd, d, "an eventfd", err);
}

const struct cr_object cr_object_eventfd = {
	.shape = &cr_shape_eventfd,
	.save = eventfd_save,
	.restore = eventfd_restore,
};
