// SPDX-License-Identifier: Apache-2.0
//
// The processes of a member as they are seen from outside: those below its launcher and shepherd,
// and those that were below them when last looked at, since orphans of a shepherd that was killed
// go to somebody else. Each is known by its number and the time when it began, and signalled by a
// pidfd, so that none is killed that has only got the number of another.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/proc.h"
#include "node/node.h"

uint64_t cr_pid_start(pid_t pid)
{
	struct cr_proc_stat st;

	return pid > 0 && !cr_proc_stat(AT_FDCWD, pid, &st) ? st.start_time : 0;
}

static bool has(const cr_node_pids *list, pid_t pid, uint64_t start)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i].pid == pid && list->v[i].start == start)
			return true;
	return false;
}

static void add(cr_node_pids *list, pid_t pid, uint64_t start)
{
	struct cr_node_pid *p;

	if (!start || has(list, pid, start))
		return;
	p = cr_list_add(list);
	if (p)
		*p = (struct cr_node_pid){ .pid = pid, .start = start, .fd = -1 };
}

static bool alive(const struct cr_node_pid *p)
{
	struct cr_proc_stat st;

	if (p->pid <= 0 || cr_proc_stat(AT_FDCWD, p->pid, &st) || st.start_time != p->start)
		return false;
	return st.state != 'Z' || st.threads > 1;
}

/* Those below the ones in the list, too; the list grows while it is gone through. */
static void add_below(cr_node_pids *list)
{
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		cr_pids children = { 0 };

		if (alive(&list->v[i]))
			cr_proc_children(AT_FDCWD, list->v[i].pid, &children);
		for (k = 0; k < children.n; k++)
			add(list, children.v[k], cr_pid_start(children.v[k]));
		free(children.v);
	}
}

/*
 * Orphans of ours that were born since we last looked: of a session that began with one of ours,
 * which nobody else can have entered.
 */
static void add_sessions(const struct cr_node_member *m, cr_node_pids *list)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		pid_t pid = atoi(e->d_name);
		struct cr_proc_stat st;
		uint64_t lead;
		size_t i;

		if (pid <= 0 || cr_proc_stat(AT_FDCWD, pid, &st))
			continue;
		lead = cr_pid_start(st.session);
		for (i = 0; i < list->n; i++) {
			const struct cr_node_pid *p = &list->v[i];

			/* The shepherd's own session may be a terminal's, with others in it. */
			if (st.session == p->pid && st.start_time >= p->start &&
			    (p->pid != m->shepherd.pid || m->launcher.pid == p->pid) &&
			    (lead == p->start || !lead))
				break;
		}
		if (i < list->n)
			add(list, pid, st.start_time);
	}
	if (d)
		closedir(d);
}

void cr_tree_look(struct cr_node_member *m)
{
	cr_node_pids list = { 0 };
	size_t i;

	add(&list, m->launcher.pid, m->launcher.start);
	add(&list, m->shepherd.pid, m->shepherd.start);
	for (i = 0; i < m->seen.n; i++)
		if (m->ended || alive(&m->seen.v[i]))
			add(&list, m->seen.v[i].pid, m->seen.v[i].start);
	add_below(&list);
	free(m->seen.v);
	m->seen = list;
}

static bool slay(const struct cr_node_pid *p)
{
	int fd = syscall(SYS_pidfd_open, p->pid, 0);
	bool living;

	if (fd < 0)
		return alive(p);
	living = alive(p);
	if (living)
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	close(fd);
	return living;
}

size_t cr_tree_kill(struct cr_node_member *m)
{
	size_t i, living = 0;

	cr_tree_look(m);
	add_sessions(m, &m->seen);
	for (i = 0; i < m->seen.n; i++)
		living += slay(&m->seen.v[i]);
	return living;
}
