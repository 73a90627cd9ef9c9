// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that a process of the job made for itself: one with its own host name is saved, any
// other is refused by name. Runs in the shepherd, before the job stops where it can. A process
// costs a stat per kind.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "objects/core/kernels.h"
#include "shepherd/namespaces.h"
#include "shepherd/shepherd.h"

struct visit {
	char path[64];
	struct utsname names;
	bool done;
};

/* In a thread, as a namespace of this kind is a thread's own. */
static void *namespaces_visit(void *arg)
{
	struct visit *v = arg;
	cr_auto_fd fd = open(v->path, O_RDONLY | O_CLOEXEC);

	v->done = fd >= 0 && !setns(fd, CLONE_NEWUTS) && !uname(&v->names);
	return NULL;
}

static int read_names(struct cr_process *m, struct cr_err *err)
{
	cairn_Process *p = &m->process;
	struct visit v = { .done = false };
	pthread_t thread;

	snprintf(v.path, sizeof(v.path), "/proc/%d/ns/uts", m->pid);
	if (!pthread_create(&thread, NULL, namespaces_visit, &v))
		pthread_join(thread, NULL);
	if (!v.done)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a host name of its own, which only root may read; "
			       "the job goes on",
			       m->pid);
	snprintf(p->nodename, sizeof(p->nodename), "%s", v.names.nodename);
	snprintf(p->domainname, sizeof(p->domainname), "%s", v.names.domainname);
	return 0;
}

/*
 * One for children that nobody has been born into yet has no number. Nor has any of a process that
 * is ending, but that of its pid: another kind, asked afterwards, tells the two apart.
 */
static bool is_unborn(pid_t pid, size_t kind)
{
	return strstr(cr_namespaces[kind], "_for_children") &&
	       cr_namespace_number(pid, CR_NAMESPACE_UTS);
}

int cr_namespaces_look(struct cr_process *m, struct cr_err *err)
{
	static uint64_t own[CR_NAMESPACES];
	size_t i;

	if (m->looked)
		return 0;
	m->looked = true;
	for (i = 0; i < CR_NAMESPACES; i++) {
		uint64_t its = cr_namespace_number(m->pid, i);

		if (!own[i])
			own[i] = cr_namespace_number(0, i);
		if (its == own[i] || (!its && !is_unborn(m->pid, i)))
			continue;
		if (i == CR_NAMESPACE_UTS) {
			m->process.uts = its;
			return read_names(m, err);
		}
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a %s namespace of its own, which cannot be saved: "
			       "run crlaunch inside it instead; the job goes on",
			       m->pid, cr_namespaces[i]);
	}
	return 0;
}
