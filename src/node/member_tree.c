// SPDX-License-Identifier: Apache-2.0
//
// The processes of a member as they are seen from outside: those below its launcher and shepherd,
// and, since orphans of a shepherd that was killed go to somebody else, those that were below them
// when last looked at and those that have the member's mark in their environment. Each is known by
// its number and the time when it began, and signalled by a pidfd, so that none is killed that has
// only got the number of another.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/proc.h"
#include "common/xalloc.h"
#include "node/member_tree.h"
#include "node/node_members.h"

uint64_t cr_pid_start(pid_t pid)
{
	struct cr_proc_stat st;

	return pid > 0 && !cr_proc_stat(AT_FDCWD, pid, &st) ? st.start_time : 0;
}

static bool member_tree_has(const cr_node_pids *list, pid_t pid, uint64_t start)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i].pid == pid && list->v[i].start == start)
			return true;
	return false;
}

static void member_tree_add(cr_node_pids *list, pid_t pid, uint64_t start)
{
	struct cr_node_pid *p;

	if (!start || member_tree_has(list, pid, start))
		return;
	p = cr_xlist_add(list);
	*p = (struct cr_node_pid){ .pid = pid, .start = start, .fd = -1 };
}

static bool alive(const struct cr_node_pid *p)
{
	struct cr_proc_stat st;

	if (p->pid <= 0 || cr_proc_stat(AT_FDCWD, p->pid, &st) || st.start_time != p->start)
		return false;
	return !cr_proc_ended(&st);
}

/* Those below the ones in the list, too; the list grows while it is gone through. */
static void member_tree_add_below(cr_node_pids *list)
{
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		cr_pids children = { 0 };

		if (alive(&list->v[i]))
			cr_proc_children(AT_FDCWD, list->v[i].pid, &children);
		for (k = 0; k < children.n; k++)
			member_tree_add(list, children.v[k], cr_pid_start(children.v[k]));
		free(children.v);
	}
}

/* Whether a process has our member's mark in its environment, in which all of a job's are born. */
static bool member_tree_marked(const struct cr_node_member *m, pid_t pid)
{
	char path[64], want[64], *text;
	ssize_t len, n;
	bool found = false;
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	n = snprintf(want, sizeof(want), "CR_MEMBER=%llu:%u:", (unsigned long long)m->id.job,
		     m->id.member);
	len = cr_slurp(AT_FDCWD, path, &text);
	if (len < 0)
		return false;
	for (p = text; p < text + len && !found; p += strlen(p) + 1)
		found = !strncmp(p, want, n);
	free(text);
	return found;
}

/* Of a member that has a shepherd: another cluster's on this host may have the same numbers. */
static bool member_tree_has_shepherd(const struct cr_node_member *m, pid_t pid)
{
	struct cr_proc_stat st;
	int depth;

	for (depth = 0; depth < 1000 && pid > 1; depth++) {
		if (cr_proc_stat(AT_FDCWD, pid, &st))
			return false;
		if (!strcmp(st.comm, "crlaunch") || !strcmp(st.comm, "crrestart"))
			return pid != m->shepherd.pid && pid != m->launcher.pid;
		pid = st.ppid;
	}
	return false;
}

/* Orphans of a shepherd that was killed, born since we last looked. */
static void add_orphans(const struct cr_node_member *m, cr_node_pids *list)
{
	cr_auto_dir *d = opendir("/proc");
	struct cr_proc_status st;
	pid_t pid;

	while ((pid = cr_next_number(d)) >= 0)
		if (!cr_proc_status(AT_FDCWD, pid, &st) && st.uid == m->uid &&
		    member_tree_marked(m, pid) && !member_tree_has_shepherd(m, pid))
			member_tree_add(list, pid, cr_pid_start(pid));
}

void cr_tree_look(struct cr_node_member *m)
{
	cr_node_pids list = { 0 };
	size_t i;

	member_tree_add(&list, m->launcher.pid, m->launcher.start);
	member_tree_add(&list, m->shepherd.pid, m->shepherd.start);
	for (i = 0; i < m->seen.n; i++)
		if (m->ended || alive(&m->seen.v[i]))
			member_tree_add(&list, m->seen.v[i].pid, m->seen.v[i].start);
	member_tree_add_below(&list);
	free(m->seen.v);
	m->seen = list;
}

static bool member_tree_slay(const struct cr_node_pid *p)
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
	add_orphans(m, &m->seen);
	for (i = 0; i < m->seen.n; i++)
		living += member_tree_slay(&m->seen.v[i]);
	return living;
}
