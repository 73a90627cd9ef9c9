// SPDX-License-Identifier: Apache-2.0
//
// Pipes, sockets and terminals that the job has from whoever started it. They end outside the job,
// so they are not saved: the restarted job has those of the new shepherd in their place. What was
// one terminal may be three different files then: of the three standard ones each number counts.
#include "objects/core/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "objects/core/outside.h"
#include "objects/shape/shape.h"

/*
 * A terminal is the same whichever node it was opened by, but for pseudo terminals: each devpts has
 * numbers of its own.
 */
static bool is_slot(const struct cr_slot *s, const struct stat *st)
{
	if (s->tty && S_ISCHR(st->st_mode) && s->st.st_rdev == st->st_rdev &&
	    (major(st->st_rdev) < 136 || major(st->st_rdev) > 143 || s->st.st_dev == st->st_dev))
		return true;
	return (S_ISFIFO(s->st.st_mode) || S_ISSOCK(s->st.st_mode)) && s->st.st_dev == st->st_dev &&
	       s->st.st_ino == st->st_ino;
}

static const struct cr_slot *standard_find(const struct cr_outside *o, const struct cr_fd_view *v)
{
	unsigned int i;

	for (i = 0; i < o->nslots; i++)
		if (is_slot(&o->slots[i], &v->st))
			return &o->slots[i];
	return NULL;
}

static bool standard_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return standard_find(s->outside, v);
}

static int standard_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			 struct cr_err *err)
{
	const struct cr_slot *slot = standard_find(s->outside, v);
	unsigned int i;

	for (i = 0; i < s->outside->nslots; i++) {
		const struct cr_slot *other = &s->outside->slots[i];

		if (!is_slot(other, &v->st))
			continue;
		if (other->fd < CR_STANDARD)
			d->slots |= 1u << other->fd;
		/* Of several the same, the number that the process uses it under. */
		if (other->fd == v->number)
			slot = other;
	}
	/* What is a copy of all three is rather one to write to. */
	if (slot->fd == 0 && d->slots & 2 && (v->flags & O_ACCMODE) == O_RDWR)
		d->slot = 1;
	else
		d->slot = slot->fd;
	return 0;
}

static bool standard_has(const struct cr_outside *o, int number)
{
	unsigned int i;

	for (i = 0; i < o->nslots; i++)
		if (o->slots[i].fd == number)
			return true;
	return false;
}

static int open_slot(const struct cr_outside *o, int number, int least)
{
	int fd = standard_has(o, number) ? fcntl(number, F_DUPFD_CLOEXEC, least) : -1;

	/* Nothing in its place: as a program started without it would find. */
	return fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;
}

/* The three of ours, for descriptors that were several of theirs. */
static int standard_prepare(struct cr_restore *r, struct cr_err *err)
{
	cr_auto_fd fd = -1;
	int *to = malloc(CR_STANDARD * sizeof(*to)), n;

	if (!to)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	r->state[cairn_ObjectKind_OBJECT_STDIO] = to;
	for (n = 0; n < CR_STANDARD; n++)
		to[n] = -1;
	for (n = 0; n < CR_STANDARD; n++) {
		fd = open_slot(r->outside, n, 3);
		to[n] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, r->base);
		if (to[n] < 0)
			return cr_fail(err, CR_EXIT_IO, errno, "cannot open /dev/null");
		cr_close_fd(&fd);
	}
	return 0;
}

static void standard_free_restore(struct cr_restore *r)
{
	int *standard = r->state[cairn_ObjectKind_OBJECT_STDIO], n;

	for (n = 0; n < CR_STANDARD && standard; n++)
		cr_close_fd(&standard[n]);
	free(standard);
	r->state[cairn_ObjectKind_OBJECT_STDIO] = NULL;
}

int cr_standard_fd(const struct cr_restore *r, const cairn_Description *d, int number, int fd)
{
	const int *standard = r->state[cairn_ObjectKind_OBJECT_STDIO];

	if (d->kind != cairn_ObjectKind_OBJECT_STDIO || number >= CR_STANDARD ||
	    !(d->slots >> number & 1))
		return fd;
	return standard[number];
}

static int standard_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd = open_slot(r->outside, d->slot, 3);

	return fd < 0 ? cr_fail(err, CR_EXIT_IO, errno, "cannot open /dev/null") : fd;
}

/* Without it the job goes on. */
static int standard_examine(const struct cr_restore *r, const cairn_Description *d,
			    struct cr_err *err)
{
	if (d->slot < CR_STANDARD && !standard_has(r->outside, d->slot))
		cr_fail(err, CR_EXIT_CHANGED, 0,
			"descriptor %u, which the job had from whoever started it, is not open "
			"here: it will be /dev/null (start crrestart with it)",
			d->slot);
	return 0;
}

const struct cr_object cr_object_stdio = {
	.shape = &cr_shape_stdio,
	.match = standard_match,
	.save = standard_save,
	.prepare = standard_prepare,
	.restore = standard_restore,
	.examine = standard_examine,
	.lacks = "terminal",
	.free_restore = standard_free_restore,
};
