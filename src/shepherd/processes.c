// SPDX-License-Identifier: Apache-2.0
//
// Who takes part in a checkpoint: the processes of the job, found in the tree, by pid and by their
// writers' pids. Runs in the shepherd. A look at a job that stands costs one small read of /proc
// for each process, since its threads are known.
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shepherd/processes.h"
#include "shepherd/pids.h"
#include "shepherd/shepherd.h"

static unsigned int bucket(pid_t pid)
{
	return (unsigned int)pid % CR_PROCESS_BUCKETS;
}

struct cr_process *cr_process_find(const struct cr_checkpoint *c, pid_t pid)
{
	struct cr_process *m = c->by_pid[bucket(pid)];

	while (m && m->pid != pid)
		m = m->next;
	return m;
}

static bool is_writer(const struct cr_checkpoint *c, pid_t pid)
{
	const struct cr_process *m = c->by_writer[bucket(pid)];

	while (m && m->writer_pid != pid)
		m = m->next_writer;
	return m;
}

void cr_process_writer(struct cr_checkpoint *c, struct cr_process *m, pid_t pid)
{
	m->writer_pid = pid;
	m->next_writer = c->by_writer[bucket(pid)];
	c->by_writer[bucket(pid)] = m;
}

struct cr_process *cr_process_add(struct cr_shepherd *sh, struct cr_checkpoint *c, pid_t pid)
{
	struct cr_process **to = cr_list_add(&c->processes);
	struct cr_process *m = calloc(1, sizeof(*m));

	if (!to || !m) {
		c->processes.n -= to != NULL;
		free(m);
		return NULL;
	}
	*to = m;
	m->pid = pid;
	m->sock = m->writer = -1;
	m->shepherd = sh;
	m->next = c->by_pid[bucket(pid)];
	c->by_pid[bucket(pid)] = m;
	c->expected++;
	return m;
}

void cr_process_free(struct cr_process *m)
{
	free(m->fds.v);
	free(m->threads.v);
	free(m->pending.v);
	free(m->timers.v);
	free(m->keep.v);
	free(m->traced.v);
	free(m->sysv.v);
	free(m->undos.v);
	free(m->attributes);
	cr_maps_free(&m->before);
	cr_maps_free(&m->layout);
	if (m->writer_event)
		event_free(m->writer_event);
	cr_close_fd(&m->sock);
	cr_close_fd(&m->writer);
	free(m);
}

void cr_process_settle(struct cr_checkpoint *c, struct cr_process *m, enum cr_process_state state)
{
	bool arrived = m->state == CR_PROCESS_STOPPED || m->state == CR_PROCESS_ZOMBIE;
	bool arrives = state >= CR_PROCESS_STOPPED && state != CR_PROCESS_GONE;

	c->expected -= state == CR_PROCESS_GONE && m->state != CR_PROCESS_GONE;
	c->arrived += arrives - arrived;
	m->state = state;
}

static void list_children(const struct cr_process *m, cr_pids *out)
{
	size_t i;

	if (m->state != CR_PROCESS_STOPPED)
		cr_proc_children(AT_FDCWD, m->pid, out);
	for (i = 0; m->state == CR_PROCESS_STOPPED && i < m->threads.n; i++)
		cr_proc_thread_children(AT_FDCWD, m->pid, m->threads.v[i].tid, out);
}

/* The process of a pid in the tree, made if need be; NULL if it is none of the job's. */
static struct cr_process *processes_meet(struct cr_shepherd *sh, struct cr_checkpoint *c, pid_t pid,
					 int *fresh)
{
	struct cr_process *m = cr_process_find(c, pid);

	if (m && (m->state != CR_PROCESS_GONE || m->left_out))
		return m;
	if (is_writer(c, pid) || !cr_of_job(AT_FDCWD, pid, getpid()))
		return NULL;
	if (m) {
		m->state = CR_PROCESS_NEW;
		c->expected++;
	} else {
		m = cr_process_add(sh, c, pid);
	}
	++*fresh;
	return m;
}

/* A child that has the table of descriptors of its parent (CLONE_FILES). */
static void find_sharing(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *parent,
			 pid_t pid, int *fresh)
{
	struct cr_process *m;

	if (cr_process_find(c, pid) || syscall(SYS_kcmp, parent->pid, pid, KCMP_FILES, 0, 0))
		return;
	m = processes_meet(sh, c, pid, fresh);
	if (m)
		m->shares_files = parent->shares_files = true;
}

int cr_processes_look(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_pids pids = { 0 };
	struct cr_process *m;
	int fresh = 0;
	size_t i, k, from;

	for (i = 0; i < c->processes.n; i++)
		c->processes.v[i]->seen = false;
	cr_proc_children(AT_FDCWD, getpid(), &pids);
	for (i = 0; i < pids.n; i++) {
		m = processes_meet(sh, c, pids.v[i], &fresh);
		/* While the tree changes, one can be met twice. */
		if (!m || m->seen)
			continue;
		m->seen = true;
		from = pids.n;
		list_children(m, &pids);
		for (k = from; k < pids.n; k++)
			find_sharing(sh, c, m, pids.v[k], &fresh);
	}
	free(pids.v);
	for (i = 0; i < c->processes.n; i++) {
		m = c->processes.v[i];
		/* A look that raced with an exit may miss someone: ask. */
		if (!m->seen && m->state != CR_PROCESS_GONE && kill(m->pid, 0) && errno == ESRCH)
			cr_process_settle(c, m, CR_PROCESS_GONE);
	}
	return fresh;
}
