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
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "shepherd/shepherd.h"

static const char *const kinds[] = { "mnt", "net", "pid", "user", "ipc", "cgroup", "time", "uts" };
#define UTS (CR_ARRAY_SIZE(kinds) - 1)

/* A namespace's number, 0 if it cannot be told. */
static ino_t number(const char *who, const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", who, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

struct visit {
	char path[64];
	struct utsname names;
	bool done;
};

/* In a thread, as a namespace of this kind is a thread's own. */
static void *visit(void *arg)
{
	struct visit *v = arg;
	cr_auto_fd fd = open(v->path, O_RDONLY | O_CLOEXEC);

	v->done = fd >= 0 && !setns(fd, CLONE_NEWUTS) && !uname(&v->names);
	return NULL;
}

static int read_names(struct cr_member *m, struct cr_err *err)
{
	cairn_Process *p = &m->process;
	struct visit v = { .done = false };
	pthread_t thread;

	snprintf(v.path, sizeof(v.path), "/proc/%d/ns/uts", m->pid);
	if (!pthread_create(&thread, NULL, visit, &v))
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

int cr_namespaces_look(struct cr_member *m, struct cr_err *err)
{
	static ino_t own[CR_ARRAY_SIZE(kinds)];
	char who[16];
	size_t i;

	if (m->looked)
		return 0;
	m->looked = true;
	snprintf(who, sizeof(who), "%d", m->pid);
	for (i = 0; i < CR_ARRAY_SIZE(kinds); i++) {
		ino_t its = number(who, kinds[i]);

		if (!own[i])
			own[i] = number("self", kinds[i]);
		if (!its || its == own[i])
			continue;
		if (i == UTS) {
			m->process.uts = its;
			return read_names(m, err);
		}
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a %s namespace of its own, which cannot be saved: "
			       "run crlaunch inside it instead; the job goes on",
			       m->pid, kinds[i]);
	}
	return 0;
}
