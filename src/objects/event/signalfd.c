// SPDX-License-Identifier: Apache-2.0
//
// signalfd: only its mask; the signals wait with the process. The agent's signal is nobody's.
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "objects/core/fdinfo.h"
#include "objects/shape/shape.h"

static int signalfd_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			 struct cr_err *err)
{
	cr_auto_free char *text = NULL;

	if (cr_fdinfo(v->fd, &text) || !cr_fdinfo_number(text, "sigmask:", 16, &d->event.signals))
		return cr_fdinfo_fail(v, "signalfd", err);
	d->has_event = true;
	return 0;
}

static int signalfd_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	uint64_t mask = d->event.signals;

	if (r->img->job.signal)
		mask &= ~(1ull << (r->img->job.signal - 1));
	return cr_restored_anon(syscall(SYS_signalfd4, -1, &mask, sizeof(mask), O_CLOEXEC), d,
				"a signalfd", err);
}

const struct cr_object cr_object_signalfd = {
	.shape = &cr_shape_signalfd,
	.save = signalfd_save,
	.restore = signalfd_restore,
};
