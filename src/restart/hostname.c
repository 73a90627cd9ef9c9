// SPDX-License-Identifier: Apache-2.0
//
// Processes with a host name of their own: the namespaces are made before the processes, one each
// that the job had, and entered by each process for itself. On failure the restart is given up.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "restart/restart.h"

struct making {
	const cairn_Process *p;
	int base, fd, error;
};

/* In a thread, so that this process stays where it is. */
static void *make(void *arg)
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

static const struct cr_hostname *made(const struct cr_restart *r, uint64_t uts)
{
	size_t i;

	for (i = 0; i < r->hostnames.n; i++)
		if (r->hostnames.v[i].uts == uts)
			return &r->hostnames.v[i];
	return NULL;
}

int cr_hostnames_make(struct cr_restart *r, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;
		struct making m = { p, r->objects.base, -1, EAGAIN };
		struct cr_hostname *to;
		pthread_t thread;

		if (!p->uts || made(r, p->uts))
			continue;
		if (!pthread_create(&thread, NULL, make, &m))
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

int cr_hostname_enter(const struct cr_restart *r, const cairn_Process *p, struct cr_err *err)
{
	const struct cr_hostname *h = p->uts ? made(r, p->uts) : NULL;

	if (h && setns(h->fd, CLONE_NEWUTS))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "process %d cannot have its own host name", p->pid);
	return 0;
}

void cr_hostnames_free(struct cr_restart *r)
{
	size_t i;

	for (i = 0; i < r->hostnames.n; i++)
		cr_close_fd(&r->hostnames.v[i].fd);
	free(r->hostnames.v);
}
