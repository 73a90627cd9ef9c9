// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that the job is in: those of the shepherd, which are all processes', and those for a
// host name of a process's own. The latter a restart makes before any process. Descriptors of both
// come back, with the number that the namespace has then; of any other they are refused by name.
// Runs in the shepherd. On failure the restart is given up.
#include "objects/file/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "objects/core/kernels.h"
#include "objects/core/reopen.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"

#define KERNEL_LARGEFILE 0100000 /* O_LARGEFILE, which the C library has as 0 here */
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */

/* PIDFD_GET_*_NAMESPACE of Linux 6.11. */
static const unsigned int by_pidfd[CR_NAMESPACES] = {
	_IO(0xff, 3), _IO(0xff, 4), _IO(0xff, 5), _IO(0xff, 9), _IO(0xff, 2),
	_IO(0xff, 1), _IO(0xff, 7), _IO(0xff, 6), _IO(0xff, 8), _IO(0xff, 10),
};

bool cr_namespace_path(const struct cr_save *s, const struct cr_fd_view *v, char *path, size_t size)
{
	size_t i;

	if (!cr_is_namespace(v))
		return false;
	for (i = 0; i < CR_NAMESPACES; i++) {
		if (cr_namespace_number(0, i) != v->st.st_ino)
			continue;
		snprintf(path, size, "/proc/self/ns/%s", cr_namespaces[i]);
		return true;
	}
	for (i = 0; i < s->parties.n; i++) {
		pid_t pid = s->parties.v[i].pid;

		if (cr_namespace_number(pid, CR_NAMESPACE_UTS) != v->st.st_ino)
			continue;
		snprintf(path, size, "/proc/%d/ns/%s", pid, cr_namespaces[CR_NAMESPACE_UTS]);
		return true;
	}
	return false;
}

static bool namespace_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	char path[64];

	return cr_namespace_path(s, v, path, sizeof(path));
}

static int namespace_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			  struct cr_err *err)
{
	return cr_namespace_path(s, v, d->path, sizeof(d->path)) ? 0 : cr_refuse(v, err);
}

/* ---- restart ---- */

struct making {
	const cairn_Process *p;
	int base, fd, error;
};

/* In a thread, so that this process stays where it is. */
static void *namespace_make(void *arg)
{
	struct making *m = arg;
	cr_auto_fd fd = -1;

	if (unshare(CLONE_NEWUTS) || sethostname(m->p->nodename, strlen(m->p->nodename)) ||
	    setdomainname(m->p->domainname, strlen(m->p->domainname)) ||
	    (fd = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC)) < 0) {
		m->error = errno;
		return NULL;
	}
	m->fd = fcntl(fd, F_DUPFD_CLOEXEC, m->base);
	return NULL;
}

int cr_hostname_fd(const struct cr_restore *r, uint64_t uts)
{
	size_t i;

	for (i = 0; i < r->hostnames.n; i++)
		if (r->hostnames.v[i].uts == uts)
			return r->hostnames.v[i].fd;
	return -1;
}

/* One each that the job had. */
static int namespace_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img->processes.n; i++) {
		const cairn_Process *p = &r->img->processes.v[i].process;
		struct making m = { p, r->base, -1, EAGAIN };
		struct cr_hostname *to;
		pthread_t thread;

		if (!p->uts || cr_hostname_fd(r, p->uts) >= 0)
			continue;
		if (!pthread_create(&thread, NULL, namespace_make, &m))
			pthread_join(thread, NULL);
		to = m.fd >= 0 ? cr_list_add(&r->hostnames) : NULL;
		if (!to)
			return cr_fail(
				err, CR_EXIT_NAMESPACE, m.error,
				"process %d had a host name of its own, which cannot be made "
				"here (it needs namespaces, or root)",
				p->pid);
		*to = (struct cr_hostname){ p->uts, m.fd };
	}
	return 0;
}

int cr_hostname_enter(const struct cr_restore *r, const cairn_Process *p, struct cr_err *err)
{
	int fd = p->uts ? cr_hostname_fd(r, p->uts) : -1;

	if (fd >= 0 && setns(fd, CLONE_NEWUTS))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "process %d cannot have its own host name", p->pid);
	return 0;
}

static void namespace_free_restore(struct cr_restore *r)
{
	size_t i;

	for (i = 0; i < r->hostnames.n; i++)
		cr_close_fd(&r->hostnames.v[i].fd);
	free(r->hostnames.v);
	r->hostnames.v = NULL;
	r->hostnames.n = 0;
}

struct opening {
	const char *path;
	int uts, fd;
};

/* In a thread, which may have another host name. */
static void *open_unnamed(void *arg)
{
	struct opening *o = arg;
	const char *kind = strrchr(o->path, '/');
	cr_auto_fd self = syscall(SYS_pidfd_open, gettid(), PIDFD_THREAD);
	size_t i;

	if (o->uts >= 0 && setns(o->uts, CLONE_NEWUTS))
		return NULL;
	for (i = 0; kind && i < CR_NAMESPACES; i++)
		if (!strcmp(kind + 1, cr_namespaces[i]))
			o->fd = ioctl(self, by_pidfd[i], 0);
	return NULL;
}

int cr_namespace_open(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct opening o = { d->path, cr_hostname_fd(r, d->inode), -1 };
	cairn_Description how = *d;
	pthread_t thread;

	/* By PIDFD_GET_*_NAMESPACE there is no O_LARGEFILE, which open(2) always sets. */
	if (!(d->flags & (O_PATH | KERNEL_LARGEFILE)) &&
	    !pthread_create(&thread, NULL, open_unnamed, &o))
		pthread_join(thread, NULL);
	if (o.fd >= 0)
		return o.fd;
	/* Both paths are links. */
	how.flags &= ~O_NOFOLLOW;
	return cr_reopen(r, -1, o.uts < 0 ? d->path : cr_fd_path(o.uts).text, &how, err);
}

const struct cr_object cr_object_namespace = {
	.shape = &cr_shape_namespace,
	.when = CR_EARLY,
	.match = namespace_match,
	.save = namespace_save,
	.prepare = namespace_prepare,
	.restore = cr_namespace_open,
	.free_restore = namespace_free_restore,
};
