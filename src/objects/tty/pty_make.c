// SPDX-License-Identifier: Apache-2.0
//
// Pseudo terminals at a restart. In the sandbox they get their numbers, in a devpts of their own
// that also shows the terminals from outside; with virtual ids they get others, told by
// cr_pty_number(). Runs in the shepherd before any process exists, and at the end in those that
// hold them. Invariants: between the two everyone inherits a descriptor of each side, so that no
// terminal is hung up before its time. On failure the restart ends and nothing of the job has run.
#include "objects/tty/pty_make.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/image_read.h"
#include "objects/core/index.h"
#include "objects/core/outside.h"
#include "objects/tty/pty_queue.h"

#define KIND cairn_ObjectKind_OBJECT_PTY
#define DEVPTS_MAGIC 0x1cd1
#define NUMBERS 4096 /* as many as the kernel allows */

/* Parallel to the image's ptys. */
struct made_pty {
	int master, slave; /* at base or above, -1 for none */
	int number;
};

struct made {
	size_t n;
	struct made_pty *v;
	int *hung; /* parallel to descriptions: those that were hung up, opened before that */
};

static const struct made *pty_make_made(const struct cr_restore *r)
{
	return r->state[KIND];
}

static int above(const struct cr_restore *r, int fd)
{
	int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, r->base);

	if (fd >= 0)
		close(fd);
	return moved;
}

static int pty_make_index_of(const struct cr_image *img, uint32_t id)
{
	size_t i;

	for (i = 0; i < img->ptys.n; i++)
		if (img->ptys.v[i].id == id)
			return i;
	return -1;
}

static int pty_make_open_slave(int number, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	return open(path, flags | O_NOCTTY | O_CLOEXEC);
}

/* A descriptor of /dev/tty: a process leads a session on the terminal for as long as that takes. */
static int open_controlling(int slave, int flags)
{
	int *fd = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), ret;
	pid_t pid;

	if (fd == MAP_FAILED)
		return -errno;
	*fd = -EIO;
	/* Descriptors in common: what it opens is ours. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		signal(SIGHUP, SIG_IGN);
		setsid();
		if (ioctl(slave, TIOCSCTTY, 0))
			_exit(1);
		*fd = open("/dev/tty", flags | O_CLOEXEC);
		ioctl(slave, TIOCNOTTY);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ret = *fd;
	munmap(fd, 4096);
	return ret;
}

/* ---- a devpts of the job's own ---- */

/* Terminals of the shepherd's keep their names, where the job does not have those itself. */
static int outside_number(const struct cr_slot *s)
{
	struct stat st;
	char path[32];
	int number = (major(s->st.st_rdev) - 136) * 256 + minor(s->st.st_rdev);

	if (!s->tty || major(s->st.st_rdev) < 136 || major(s->st.st_rdev) > 143)
		return -1;
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	if (stat(path, &st) || st.st_dev != s->st.st_dev || st.st_ino != s->st.st_ino)
		return -1;
	return number;
}

static int mount_devpts(struct cr_err *err)
{
	static const char *const options[] = {
		"newinstance,ptmxmode=0666,mode=0620,gid=5",
		"newinstance,ptmxmode=0666,mode=0620", /* where nobody is the group tty */
	};
	struct statfs fs;
	struct stat st;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(options); i++)
		if (!mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options[i]))
			break;
	if (i == CR_ARRAY_SIZE(options))
		return cr_fail(
			err, CR_EXIT_NAMESPACE, errno,
			"cannot mount a devpts for the job's terminals (is /dev/pts there?)");
	/* The kernel finds the pts beside the ptmx that is opened; of a mounted one it is not. */
	if (!lstat("/dev/ptmx", &st) && S_ISCHR(st.st_mode) && !statfs("/dev/ptmx", &fs) &&
	    fs.f_type == DEVPTS_MAGIC)
		mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL);
	return 0;
}

static int open_master(const char *path)
{
	return open(path && *path ? path : "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

static const char *master_path(const struct cr_image *img, uint32_t id)
{
	size_t i;

	for (i = 0; i < img->descriptions.n; i++) {
		const cairn_Description *d = &img->descriptions.v[i];

		if (d->kind == KIND && d->object == id && d->pty_side == cairn_PtySide_PTY_MASTER)
			return d->path;
	}
	return NULL;
}

/* The kernel gives out the lowest number that is free: all up to the highest are taken once. */
static int take_numbers(struct cr_restore *r, struct made *m, const int *outside, int highest,
			struct cr_err *err)
{
	int spare[NUMBERS], n, number, ret = 0;
	size_t i, nspare = 0, k;

	for (n = 0; n <= highest && !ret; n++) {
		char path[32];
		int fd, unlock = 0;

		for (i = 0; i < m->n && r->img->ptys.v[i].number != (uint32_t)n; i++)
			;
		/* A dead one takes a number that a live one does not need. */
		for (k = i + 1; k < m->n; k++)
			if (r->img->ptys.v[k].number == (uint32_t)n && !r->img->ptys.v[k].dead)
				i = k;
		fd = open_master(i < m->n ? master_path(r->img, r->img->ptys.v[i].id) : NULL);
		if (fd < 0 && i < m->n)
			fd = open_master(NULL);
		if (fd < 0 || ioctl(fd, TIOCGPTN, &number) || number != n) {
			ret = cr_fail(err, CR_EXIT_NAMESPACE, fd < 0 ? errno : 0,
				      "cannot make the terminal /dev/pts/%d", n);
			break;
		}
		ioctl(fd, TIOCSPTLCK, &unlock);
		if (i < m->n) {
			m->v[i].master = above(r, fd);
			m->v[i].number = n;
			continue;
		}
		if (outside[n] < 0) {
			spare[nspare++] = fd;
			continue;
		}
		/* Held for as long as the shepherd lives, so that nobody else gets it. */
		above(r, fd);
		snprintf(path, sizeof(path), "/dev/pts/%d", n);
		mount(cr_fd_path(outside[n]).text, path, NULL, MS_BIND, NULL);
	}
	while (nspare)
		close(spare[--nspare]);
	return ret;
}

static int own_numbers(struct cr_restore *r, struct made *m, struct cr_err *err)
{
	int outside[NUMBERS], highest = -1, n, ret;
	char path[32];
	size_t i;

	memset(outside, 0xff, sizeof(outside));
	for (i = 0; i < r->outside->nslots; i++) {
		n = outside_number(&r->outside->slots[i]);
		if (n < 0 || n >= NUMBERS || outside[n] >= 0)
			continue;
		snprintf(path, sizeof(path), "/dev/pts/%d", n);
		outside[n] = open(path, O_PATH | O_CLOEXEC);
		if (n > highest)
			highest = n;
	}
	for (i = 0; i < m->n; i++)
		if (r->img->ptys.v[i].number < NUMBERS && (int)r->img->ptys.v[i].number > highest)
			highest = r->img->ptys.v[i].number;
	ret = mount_devpts(err);
	if (!ret)
		ret = take_numbers(r, m, outside, highest, err);
	for (n = 0; n < NUMBERS; n++)
		cr_close_fd(&outside[n]);
	return ret;
}

/* Those that have no number yet: all of them with virtual ids, and dead ones whose was taken. */
static int any_numbers(struct cr_restore *r, struct made *m, struct cr_err *err)
{
	int unlock = 0;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->v[i].master >= 0)
			continue;
		m->v[i].master = above(r, open_master(NULL));
		if (m->v[i].master < 0 || ioctl(m->v[i].master, TIOCGPTN, &m->v[i].number) ||
		    ioctl(m->v[i].master, TIOCSPTLCK, &unlock))
			return cr_fail(err, CR_EXIT_NAMESPACE, errno,
				       "cannot make a pseudo terminal (is /dev/pts there?)");
		if (!r->img->ptys.v[i].dead)
			cr_restored_as(r, CR_ID_PTS, r->img->ptys.v[i].number, m->v[i].number);
	}
	return 0;
}

/* ---- one pair ---- */

/* Descriptors that a hang-up has cut off are opened and hung up before all others. */
static int pty_make_hang_up(struct cr_restore *r, struct made *m, size_t index, struct cr_err *err)
{
	const cairn_Pty *pty = &r->img->ptys.v[index];
	bool any = false;
	cr_auto_fd fd = -1;
	size_t i;

	for (i = 0; i < r->img->descriptions.n; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];

		if (d->kind != KIND || !d->hung_up || d->object != pty->id)
			continue;
		fd = pty_make_open_slave(m->v[index].number, O_RDWR | O_NONBLOCK);
		if (fd < 0)
			break;
		if (d->pty_side == cairn_PtySide_PTY_CONTROLLING)
			m->hung[i] = above(r, open_controlling(fd, d->flags & O_ACCMODE));
		else
			m->hung[i] =
				above(r, pty_make_open_slave(m->v[index].number,
							     (d->flags & O_ACCMODE) | O_NONBLOCK));
		if (m->hung[i] < 0)
			break;
		cr_close_fd(&fd);
		any = true;
	}
	if (i < r->img->descriptions.n)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open /dev/pts/%u",
			       pty->number);
	if (pty->dead)
		cr_close_fd(&m->v[index].master);
	else if (any && (fd = pty_make_open_slave(m->v[index].number, O_RDWR)) >= 0 &&
		 ioctl(fd, TIOCVHANGUP))
		return cr_fail(
			err, CR_EXIT_PERMISSION, errno,
			"/dev/pts/%u was hung up by vhangup(2), which only root can do again",
			pty->number);
	return 0;
}

static int pty_make_read_queue(struct cr_restore *r, const cairn_Pty *pty, struct cr_pty_queue *q,
			       struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	const char *at;
	int ret;

	q->nlines = pty->lines;
	q->ntail = pty->tail;
	q->nraw = pty->raw;
	q->noutput = pty->output;
	q->available = pty->available;
	if (!pty->has_content)
		return 0;
	if (q->nlines > CR_PTY_QUEUE || q->ntail > CR_PTY_QUEUE || q->nraw > CR_PTY_QUEUE ||
	    q->noutput > CR_PTY_QUEUE ||
	    q->nlines + q->ntail + q->nraw + q->noutput != pty->content.size)
		return cr_fail(err, CR_EXIT_DAMAGED, 0,
			       "the image does not say what is queued in /dev/pts/%u", pty->number);
	ret = cr_image_read_blob(r->img, &pty->content, &data, err);
	if (ret)
		return ret;
	at = data;
	memcpy(q->lines, at, q->nlines);
	memcpy(q->tail, at += q->nlines, q->ntail);
	memcpy(q->raw, at += q->ntail, q->nraw);
	memcpy(q->output, at + q->nraw, q->noutput);
	return 0;
}

static int pty_make_fill(struct cr_restore *r, struct made_pty *p, const cairn_Pty *pty,
			 struct cr_pty_queue *q, struct cr_err *err)
{
	int ret = pty_make_read_queue(r, pty, q, err);
	struct winsize size;

	if (ret)
		return ret;
	if (pty->size.size == sizeof(size)) {
		memcpy(&size, pty->size.bytes, sizeof(size));
		ioctl(p->master, TIOCSWINSZ, &size);
	}
	if (pty->slave != cairn_PtyUse_PTY_NEVER_OPENED) {
		p->slave = above(r, pty_make_open_slave(p->number, O_RDWR | O_NONBLOCK));
		if (p->slave < 0)
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open /dev/pts/%d",
				       p->number);
		/* Only who is privileged can give it to a group that is not its own. */
		if (pty->mode &&
		    (fchown(p->slave, pty->uid, pty->gid) || fchmod(p->slave, pty->mode)))
			fchmod(p->slave, pty->mode);
	}
	ret = cr_pty_put(p->master, p->slave, pty, q);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret,
			       "cannot put back what was queued in /dev/pts/%u", pty->number);
	return 0;
}

int cr_ptys_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t i, n = r->img->ptys.n;
	cr_auto_free struct cr_pty_queue *q = NULL;
	struct made *m;
	int ret;

	if (!n)
		return 0;
	q = malloc(sizeof(*q));
	r->state[KIND] = m = calloc(1, sizeof(*m));
	if (m) {
		m->v = calloc(n, sizeof(*m->v));
		m->hung = malloc((r->img->descriptions.n + 1) * sizeof(*m->hung));
	}
	if (!q || !m || !m->v || !m->hung)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making terminals");
	m->n = n;
	for (i = 0; i < n; i++)
		m->v[i].master = m->v[i].slave = -1;
	for (i = 0; i < r->img->descriptions.n; i++)
		m->hung[i] = -1;
	ret = r->virtual_ids ? 0 : own_numbers(r, m, err);
	if (!ret)
		ret = any_numbers(r, m, err);
	for (i = 0; i < n && !ret; i++) {
		ret = pty_make_hang_up(r, m, i, err);
		if (!ret && !r->img->ptys.v[i].dead)
			ret = pty_make_fill(r, &m->v[i], &r->img->ptys.v[i], q, err);
	}
	return ret;
}

/* ---- descriptors ---- */

int cr_pty_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const struct made *m = pty_make_made(r);
	int i = pty_make_index_of(r->img, d->object), fd = -1;

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks pty %u", d->object);
	if (d->hung_up)
		fd = fcntl(m->hung[d - r->img->descriptions.v], F_DUPFD_CLOEXEC, 3);
	else if (d->pty_side == cairn_PtySide_PTY_MASTER)
		fd = fcntl(m->v[i].master, F_DUPFD_CLOEXEC, 3);
	else if (d->pty_side == cairn_PtySide_PTY_SLAVE)
		fd = pty_make_open_slave(m->v[i].number, (d->flags & O_ACCMODE) | O_NONBLOCK);
	else
		fd = open_controlling(m->v[i].slave, d->flags & O_ACCMODE);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open terminal /dev/pts/%d",
			       m->v[i].number);
	fcntl(fd, F_SETFL, d->flags & ~O_ASYNC);
	return fd;
}

/* What would keep others from opening it, when all have. */
int cr_pty_settle(struct cr_restore *r, const cairn_Description *d, int fd,
		  const struct cr_process_image *p, struct cr_err *err)
{
	int i = pty_make_index_of(r->img, d->object), lock = 1;
	const cairn_Pty *pty = &r->img->ptys.v[i];
	bool master = d->pty_side == cairn_PtySide_PTY_MASTER;

	if (d->hung_up)
		return 0;
	if (master ? pty->master_exclusive : pty->exclusive)
		ioctl(fd, TIOCEXCL);
	if (master && pty->locked)
		ioctl(fd, TIOCSPTLCK, &lock);
	if (master && pty->slave == cairn_PtyUse_PTY_NEVER_OPENED) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/pts/%d", pty_make_made(r)->v[i].number);
		if (chmod(path, pty->mode))
			return 0;
	}
	return 0;
}

void cr_ptys_free(struct cr_restore *r)
{
	struct made *m = r->state[KIND];
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->n; i++) {
		cr_close_fd(&m->v[i].master);
		cr_close_fd(&m->v[i].slave);
	}
	for (i = 0; m->hung && i < r->img->descriptions.n; i++)
		cr_close_fd(&m->hung[i]);
	free(m->v);
	free(m->hung);
	free(m);
	r->state[KIND] = NULL;
}

/* ---- sessions ---- */

int cr_pty_number(const struct cr_restore *r, uint32_t number)
{
	size_t i;

	for (i = 0; i < r->img->ptys.n; i++)
		if (!r->img->ptys.v[i].dead && r->img->ptys.v[i].number == number)
			return pty_make_made(r)->v[i].number;
	return -1;
}

bool cr_pty_of(const struct cr_restore *r, pid_t session, int *fd, pid_t *foreground)
{
	size_t i;

	for (i = 0; i < r->img->ptys.n; i++) {
		if (!session || r->img->ptys.v[i].session != session)
			continue;
		*fd = pty_make_made(r)->v[i].slave;
		*foreground = r->img->ptys.v[i].foreground;
		return true;
	}
	return false;
}

int cr_pty_lead(const struct cr_restore *r, pid_t session)
{
	pid_t foreground;
	int fd;

	if (!cr_pty_of(r, session, &fd, &foreground))
		return 0;
	return ioctl(fd, TIOCSCTTY, 0) ? -errno : 0;
}
