// SPDX-License-Identifier: Apache-2.0
//
// Pseudo terminals of the job's own: masters, slaves and /dev/tty of sessions that have one. A pair
// is one record, whatever is open of it; pty_queue.c has what is on its way in it. A slave whose
// master is outside of the job is refused. At a restart pty_make.c makes the pairs.
#include "objects/tty/pty.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"
#include "objects/tty/pty.h"
#include "objects/tty/pty_make.h"
#include "objects/tty/pty_queue.h"

#define KIND cairn_ObjectKind_OBJECT_PTY

struct saved_pty {
	cairn_Pty m;
	const struct cr_saved_description *master, *slave;
	pid_t pid; /* who has a side of it, and where: for messages */
	int fd;
};

struct saved_ptys {
	CR_LIST(struct saved_pty) v;
	dev_t devpts;
};

static bool is_slave(dev_t dev)
{
	return major(dev) >= 136 && major(dev) < 144;
}

static bool pty_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISCHR(v->st.st_mode) &&
	       (is_slave(v->st.st_rdev) || v->st.st_rdev == makedev(5, 2) ||
		v->st.st_rdev == makedev(5, 0));
}

static unsigned int pty_number_of(unsigned int dev)
{
	return (major(dev) - 136) * 256 + minor(dev);
}

static struct saved_ptys *saved(struct cr_save *s)
{
	struct saved_ptys *p = s->state[KIND];
	struct stat st;

	if (p || !(p = calloc(1, sizeof(*p))))
		return p;
	p->devpts = stat("/dev/pts", &st) ? 0 : st.st_dev;
	return s->state[KIND] = p;
}

static struct saved_pty *pty_note(struct cr_save *s, unsigned int number, bool dead,
				  const struct cr_fd_view *v)
{
	struct saved_ptys *all = saved(s);
	struct saved_pty *p;
	size_t i;

	for (i = 0; all && i < all->v.n; i++)
		if (all->v.v[i].m.number == number && all->v.v[i].m.dead == dead)
			return &all->v.v[i];
	p = all ? cr_list_add(&all->v) : NULL;
	if (!p)
		return NULL;
	p->m.id = ++s->next_id;
	p->m.number = number;
	p->m.dead = dead;
	p->pid = v->pid;
	p->fd = v->number;
	return p;
}

static int outside(pid_t pid, int fd, unsigned int number, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has the terminal /dev/pts/%u open (fd %d), whose other side is "
		       "outside of the job: start the program that has it with crlaunch too, or "
		       "close it; the job goes on",
		       pid, number, fd);
}

static int pty_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		    struct cr_err *err)
{
	const struct cr_saved_description *self = s->descriptions.v[s->descriptions.n - 1];
	struct saved_pty *p;
	unsigned int dev = 0;
	int number, exclusive = 0;

	snprintf(d->path, sizeof(d->path), "%s", v->link);
	if (v->st.st_rdev == makedev(5, 2)) {
		if (ioctl(v->fd, TIOCGPTN, &number))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "pty of process %d", v->pid);
		p = pty_note(s, number, false, v);
		if (p)
			p->master = self;
	} else {
		d->pty_side = v->st.st_rdev == makedev(5, 0) ? cairn_PtySide_PTY_CONTROLLING :
							       cairn_PtySide_PTY_SLAVE;
		d->hung_up = ioctl(v->fd, TIOCGDEV, &dev);
		if (d->pty_side == cairn_PtySide_PTY_SLAVE)
			dev = v->st.st_rdev;
		/* One that is hung up may be on a master that lives, or not. */
		if (!d->hung_up && !is_slave(dev))
			return cr_refuse(v, err);
		p = pty_note(s, dev ? pty_number_of(dev) : 0, d->hung_up && (v->deleted || !dev),
			     v);
		if (p && !d->hung_up) {
			/* A name in another devpts is another terminal. */
			if (is_slave(v->st.st_rdev) && v->st.st_dev != saved(s)->devpts)
				return outside(v->pid, v->number, p->m.number, err);
			if (!p->slave || (v->flags & O_ACCMODE) == O_RDWR)
				p->slave = self;
			ioctl(v->fd, TIOCGEXCL, &exclusive);
			p->m.exclusive |= exclusive != 0;
		}
	}
	if (!p)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pty");
	d->object = p->m.id;
	return 0;
}

/* ---- once all is noted ---- */

static void pty_describe(struct saved_pty *p)
{
	cairn_Pty *m = &p->m;
	char path[32];
	int master = p->master->fd, value = 0;
	struct pollfd poll_for = { master, POLLIN, 0 };
	struct termios2 t;
	struct winsize size;
	struct stat st;

	if (!ioctl(master, TCGETS2, &t)) {
		m->termios.size = sizeof(t);
		memcpy(m->termios.bytes, &t, sizeof(t));
	}
	if (!ioctl(master, TIOCGWINSZ, &size)) {
		m->size.size = sizeof(size);
		memcpy(m->size.bytes, &size, sizeof(size));
	}
	m->locked = !ioctl(master, TIOCGPTLCK, &value) && value;
	m->packet = !ioctl(master, TIOCGPKT, &value) && value;
	m->master_exclusive = !ioctl(master, TIOCGEXCL, &value) && value;
	if (ioctl(master, TIOCGSID, &m->session))
		m->session = 0;
	if (m->session && ioctl(master, TIOCGPGRP, &m->foreground))
		m->foreground = 0;
	snprintf(path, sizeof(path), "/dev/pts/%u", m->number);
	if (!stat(path, &st)) {
		m->mode = st.st_mode & 07777;
		m->uid = st.st_uid;
		m->gid = st.st_gid;
	}
	poll(&poll_for, 1, 0);
	m->slave = p->slave		      ? cairn_PtyUse_PTY_OPEN :
		   poll_for.revents & POLLHUP ? cairn_PtyUse_PTY_CLOSED :
						cairn_PtyUse_PTY_NEVER_OPENED;
}

/* While we read and write, nobody gets signals about it and nothing waits. */
static void quiet(const struct cr_save *s, const struct saved_pty *p, bool on)
{
	size_t i;

	for (i = 0; i < s->descriptions.n; i++) {
		const struct cr_saved_description *d = s->descriptions.v[i];
		int flags = d->m.flags;

		if (d->m.kind != KIND || d->m.object != p->m.id || d->fd < 0)
			continue;
		if (on && (d == p->master || d == p->slave || flags & O_ASYNC))
			fcntl(d->fd, F_SETFL, (flags & ~O_ASYNC) | O_NONBLOCK);
		else if (!on)
			fcntl(d->fd, F_SETFL, flags);
	}
}

static int pty_open_slave(const struct saved_pty *p)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/pts/%u", p->m.number);
	return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

static int pty_save_queue(struct cr_save *s, struct saved_pty *p, struct cr_pty_queue *q,
			  struct cr_err *err)
{
	cairn_Pty *m = &p->m;
	cr_auto_fd own = -1;
	int slave = p->slave ? p->slave->fd : -1, ret;
	size_t len;

	if (m->slave == cairn_PtyUse_PTY_CLOSED)
		slave = own = pty_open_slave(p);
	quiet(s, p, true);
	ret = cr_pty_take(p->master->fd, slave, m, q);
	if (!ret && q->touched)
		ret = cr_pty_put(p->master->fd, slave, m, q);
	quiet(s, p, false);
	if (ret == -EBUSY)
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"process %d has written to the terminal /dev/pts/%u (fd %d), which "
			"nobody has opened yet: try again when somebody has; the job goes on",
			p->pid, m->number, p->fd);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret,
			       "cannot copy what is queued in /dev/pts/%u of process %d", m->number,
			       p->pid);
	m->lines = q->nlines;
	m->tail = q->ntail;
	m->raw = q->nraw;
	m->output = q->noutput;
	m->available = q->available;
	len = m->lines + m->tail + m->raw + m->output;
	if (!len)
		return 0;
	/* One after the other. */
	memmove(q->lines + q->nlines, q->tail, q->ntail);
	memmove(q->lines + q->nlines + q->ntail, q->raw, q->nraw);
	memmove(q->lines + q->nlines + q->ntail + q->nraw, q->output, q->noutput);
	m->has_content = true;
	return cr_image_blob(s->writer, q->lines, len, &m->content, err);
}

int cr_ptys_check(struct cr_save *s, struct cr_err *err)
{
	struct saved_ptys *all = s->state[KIND];
	size_t i;

	for (i = 0; all && i < all->v.n; i++) {
		struct saved_pty *p = &all->v.v[i];

		/* Nothing but what was hung up: nobody can tell it from one without a master. */
		if (!p->master && !p->slave)
			p->m.dead = true;
		if (!p->m.dead && !p->master)
			return outside(p->pid, p->fd, p->m.number, err);
	}
	return 0;
}

static int pty_finish(struct cr_save *s, struct cr_err *err)
{
	struct saved_ptys *all = s->state[KIND];
	cr_auto_free struct cr_pty_queue *q = NULL;
	size_t i;
	int ret = 0;

	if (!all)
		return 0;
	q = malloc(sizeof(*q));
	if (!q)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pty");
	for (i = 0; i < all->v.n && !ret; i++) {
		struct saved_pty *p = &all->v.v[i];

		/* During a check it has been told of; nothing of it can be described. */
		if (!p->m.dead && !p->master)
			continue;
		if (!p->m.dead) {
			pty_describe(p);
			ret = pty_save_queue(s, p, q, err);
		}
		if (!ret)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_PTY, &p->m, err);
	}
	return ret;
}

bool cr_pty_leads(const struct cr_save *s, pid_t session)
{
	const struct saved_ptys *all = s->state[KIND];
	size_t i;
	int sid;

	for (i = 0; all && i < all->v.n; i++)
		if (all->v.v[i].master && !ioctl(all->v.v[i].master->fd, TIOCGSID, &sid) &&
		    sid == session)
			return true;
	return false;
}

static void pty_free_save(struct cr_save *s)
{
	struct saved_ptys *all = s->state[KIND];

	if (all)
		free(all->v.v);
	free(all);
	s->state[KIND] = NULL;
}

const struct cr_object cr_object_pty = {
	.shape = &cr_shape_pty,
	.match = pty_match,
	.save = pty_save,
	.finish = pty_finish,
	.free_save = pty_free_save,
	.prepare = cr_ptys_prepare,
	.restore = cr_pty_restore,
	.settle = cr_pty_settle,
	.free_restore = cr_ptys_free,
};
