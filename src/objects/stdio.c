// SPDX-License-Identifier: Apache-2.0
//
// Pipes, sockets and terminals that the job has from whoever started it. They end outside the job,
// so they are not saved: the restarted job has those of the new shepherd in their place.
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "objects/object.h"

static const struct cr_slot *find(const struct cr_outside *o, const struct cr_fd_view *v)
{
	unsigned int i;

	for (i = 0; i < o->nslots; i++) {
		const struct cr_slot *s = &o->slots[i];

		/*
		 * A terminal is the same whichever node it was opened by, but for pseudo terminals:
		 * each devpts has numbers of its own.
		 */
		if (s->tty && S_ISCHR(v->st.st_mode) && s->st.st_rdev == v->st.st_rdev &&
		    (major(v->st.st_rdev) < 136 || major(v->st.st_rdev) > 143 ||
		     s->st.st_dev == v->st.st_dev))
			return s;
		if ((S_ISFIFO(s->st.st_mode) || S_ISSOCK(s->st.st_mode)) &&
		    s->st.st_dev == v->st.st_dev && s->st.st_ino == v->st.st_ino)
			return s;
	}
	return NULL;
}

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return find(s->outside, v);
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	const struct cr_slot *slot = find(s->outside, v);

	/* Of several the same, the one with the number that the process uses it under. */
	for (unsigned int i = 0; i < s->outside->nslots; i++) {
		const struct cr_slot *other = &s->outside->slots[i];

		if (other->fd == v->number && other->st.st_ino == slot->st.st_ino &&
		    other->st.st_dev == slot->st.st_dev)
			slot = other;
	}
	d->slot = slot->fd;
	return 0;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd = -1;
	unsigned int i;

	for (i = 0; i < r->outside->nslots && fd < 0; i++)
		if (r->outside->slots[i].fd == (int)d->slot)
			fd = fcntl(d->slot, F_DUPFD_CLOEXEC, 3);
	/* Nothing in its place: as a program started without it would find. */
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd < 0 ? cr_fail(err, CR_EXIT_IO, errno, "cannot open /dev/null") : fd;
}

const struct cr_object cr_object_stdio = {
	.kind = cairn_ObjectKind_OBJECT_STDIO,
	.name = "standard input and output",
	.match = match,
	.save = save,
	.restore = restore,
};
