// SPDX-License-Identifier: Apache-2.0
//
// Describing the stopped job from outside: what /proc tells of each process, and each open file
// description once, by whatever objects/ knows of its kind.
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "arch/x86_64/cpu.h"
#include "common/addresses.h"
#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/file/inode.h"
#include "objects/file/lock.h"
#include "objects/tty/pty.h"
#include "shepherd/attributes.h"
#include "shepherd/checkpoint.h"
#include "shepherd/describe.h"
#include "shepherd/filters.h"
#include "shepherd/namespaces.h"
#include "shepherd/pending.h"
#include "shepherd/plugins.h"
#include "shepherd/program.h"
#include "shepherd/shepherd.h"

/* One that has ended cannot tell itself what it is called. */
static void describe_dead(cairn_Thread *t)
{
	struct cr_proc_stat st;

	if (cr_proc_stat(AT_FDCWD, t->tid, &st))
		return;
	t->comm.size = sizeof(st.comm);
	memcpy(t->comm.bytes, st.comm, sizeof(st.comm));
}

static void describe_thread(cairn_Thread *t)
{
	struct sched_param param;
	long ret;

	if (t->dead)
		describe_dead(t);
	t->policy = sched_getscheduler(t->tid);
	cr_describe_deadline(t);
	if (!sched_getparam(t->tid, &param))
		t->priority = param.sched_priority;
	t->nice = getpriority(PRIO_PROCESS, t->tid);
	ret = syscall(SYS_sched_getaffinity, t->tid, sizeof(t->affinity.bytes), t->affinity.bytes);
	t->affinity.size = ret > 0 ? ret : 0;
	ret = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, t->tid);
	t->ioprio = ret > 0 ? ret : 0;
}

static void describe_limits(struct cr_process *m)
{
	cairn_Process *p = &m->process;
	struct rlimit limit;
	int i;

	for (i = 0; i < 16 && !prlimit(m->pid, i, NULL, &limit); i++) {
		p->limits[i].soft = limit.rlim_cur;
		p->limits[i].hard = limit.rlim_max;
		p->limits_count = i + 1;
	}
}

static int exit_signal(const struct cr_proc_stat *s)
{
	return s->exit_signal == SIGCHLD ? 0 : s->exit_signal ? s->exit_signal : -1;
}

static void copy_stat(cairn_Process *p, const struct cr_proc_stat *s)
{
	p->ppid = s->ppid;
	p->pgid = s->pgrp;
	p->sid = s->session;
	p->exit_code = s->exit_code;
	p->exit_signal = exit_signal(s);
	p->start_time = s->start_time;
	p->start_code = s->start_code;
	p->end_code = s->end_code;
	p->start_data = s->start_data;
	p->end_data = s->end_data;
	p->start_brk = s->start_brk;
	p->start_stack = s->start_stack;
	p->arg_start = s->arg_start;
	p->arg_end = s->arg_end;
	p->env_start = s->env_start;
	p->env_end = s->env_end;
	p->ctty = s->tty_nr;
}

/* A working directory without a name is made again as any other such. */
static int describe_cwd(struct cr_checkpoint *c, struct cr_process *m)
{
	cairn_Process *p = &m->process;
	struct cr_fd_view v;
	cr_auto_fd fd = -1;
	char path[64];

	if (cr_proc_link(m->tid, "cwd", p->cwd))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, 0, "cannot read /proc/%d/cwd", m->pid);
	if (!strstr(p->cwd, " (deleted)"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/cwd", m->tid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || cr_fd_view_read(&v, fd, m->pid, -1))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "cannot read /proc/%d/cwd",
			       m->pid);
	if (!v.deleted)
		return 0;
	strcpy(p->cwd, v.link);
	p->cwd_deleted = true;
	p->cwd_dev = v.st.st_dev;
	p->cwd_inode = v.st.st_ino;
	if (!cr_inode_note(&c->save, fd, &v.st, p->cwd, true, 0))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	return 0;
}

static int describe_root(struct cr_process *m, struct cr_err *err)
{
	char *root = m->process.root;

	if (cr_proc_link(m->tid, "root", root))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "cannot read /proc/%d/root", m->pid);
	if (root[0] == '/' && !strstr(root, " (deleted)"))
		return 0;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has a root directory that cannot be found again (%s); the job "
		       "goes on",
		       m->pid, root);
}

static void keep_ids(struct cr_save *s, int kind, const int32_t *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int *to = cr_list_add(&s->known[kind]);

		if (to)
			*to = ids[i];
	}
}

static int describe_process(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	cairn_Process *p = &m->process;
	cr_auto_free char *text = NULL;
	struct cr_proc_status st;
	struct cr_proc_stat stat;
	struct cr_party *party;
	char path[64];
	ssize_t n;

	p->pid = m->pid;
	if (m->state == CR_PROCESS_ZOMBIE)
		m->tid = m->pid;
	if (cr_proc_status(AT_FDCWD, m->tid, &st) || cr_proc_stat(AT_FDCWD, m->tid, &stat))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, 0, "process %d is gone", m->pid);
	copy_stat(p, &stat);
	/* The main thread keeps it, even when it has ended; other threads have none. */
	if (m->tid != m->pid && !cr_proc_stat(AT_FDCWD, m->pid, &stat))
		p->exit_signal = exit_signal(&stat);
	snprintf(p->comm, sizeof(p->comm), "%s", st.name);
	p->zombie = m->state == CR_PROCESS_ZOMBIE;
	if (p->zombie)
		return 0;
	p->stop_signal = m->traced.n ? m->stop_signal : 0;
	p->stop_seen = m->stop_seen;
	party = cr_list_add(&c->save.parties);
	if (!party)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	*party = (struct cr_party){ m->pid, st.uid };
	keep_ids(&c->save, 0, m->core.shm_known, m->core.shm_known_count);
	keep_ids(&c->save, 1, m->core.sem_known, m->core.sem_known_count);
	keep_ids(&c->save, 2, m->core.msg_known, m->core.msg_known_count);
	p->umask = st.umask;
	p->no_new_privs = st.no_new_privs;
	p->cap_inheritable = st.caps[0];
	p->cap_permitted = st.caps[1];
	p->cap_effective = st.caps[2];
	p->cap_bounding = st.caps[3];
	p->cap_ambient = st.caps[4];
	if (cr_save_pending(sh, c, m, &st))
		return -EPROTO;
	if (cr_describe_filters(sh, m, &st, &c->err))
		return -ENOTSUP;
	if (describe_root(m, &c->err))
		return -ENOTSUP;
	if (describe_cwd(c, m))
		return -EIO;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", m->tid);
	if (cr_slurp(AT_FDCWD, path, &text) > 0)
		p->oom_score_adj = atoi(text);
	free(text);
	text = NULL;
	snprintf(path, sizeof(path), "/proc/%d/auxv", m->tid);
	n = cr_slurp(AT_FDCWD, path, &text);
	if (n > 0 && (size_t)n <= sizeof(p->auxv.bytes)) {
		p->auxv.size = n;
		memcpy(p->auxv.bytes, text, n);
	}
	if (cr_describe_attributes(m, &st, &c->err))
		return -ENOTSUP;
	describe_limits(m);
	for (size_t i = 0; i < m->threads.n; i++)
		describe_thread(&m->threads.v[i]);
	return cr_describe_program(c, m);
}

static bool share_files(const struct cr_process *a, const struct cr_process *b)
{
	return (a->process.shares_files && a->process.ppid == b->pid) ||
	       (b->process.shares_files && b->process.ppid == a->pid);
}

static bool has_fd(const struct cr_process *m, const struct cr_process_fd *f)
{
	size_t i;

	for (i = 0; i < m->fds.n; i++)
		if (m->fds.v[i].number == f->number && m->fds.v[i].duplicate == f->duplicate)
			return true;
	return false;
}

/*
 * In a table that several processes share, each agent also finds what the others' agents have open
 * for the moment; only what all of them find is the job's.
 */
static void drop_agents_fds(struct cr_checkpoint *c, struct cr_process *m)
{
	size_t i, k, kept = 0;

	for (i = 0; i < m->fds.n; i++) {
		bool all = true;

		for (k = 0; k < c->processes.n && all; k++)
			all = !share_files(m, c->processes.v[k]) ||
			      has_fd(c->processes.v[k], &m->fds.v[i]);
		if (all)
			m->fds.v[kept++] = m->fds.v[i];
	}
	m->fds.n = kept;
}

/* Once for each description. */
static int describe_duplicate(struct cr_checkpoint *c, struct cr_process *m,
			      struct cr_process_fd *f)
{
	struct cr_fd_view v;
	int ret;

	ret = cr_fd_view_read(&v, f->duplicate->fd, m->pid, f->number);
	if (ret)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, -ret, "fd %d of process %d", f->number,
			       m->pid);
	f->duplicate->fd = -1;
	return cr_description_note(&c->save, &v, &f->duplicate->id, &c->err);
}

static int describe_fd(struct cr_checkpoint *c, struct cr_process *m, struct cr_process_fd *f)
{
	int ret = f->duplicate->id ? 0 : describe_duplicate(c, m, f);
	struct cr_holder *h;

	if (ret)
		return ret;
	h = cr_list_add(&c->save.holders);
	if (!h)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	*h = (struct cr_holder){ m->pid, f->number, f->duplicate->id, f->cloexec };
	return cr_locks_save(&c->save, m->pid, m->tid, f->number,
			     cr_description_noted(&c->save, f->duplicate->id), &c->err);
}

/* Processes that share more than threads and forks do. */
static int check_sharing(struct cr_checkpoint *c, struct cr_process *m)
{
	pid_t parent = m->process.ppid;
	size_t i;

	for (i = 0; i < c->processes.n; i++) {
		if (c->processes.v[i]->pid != parent || m->state != CR_PROCESS_STOPPED)
			continue;
		m->process.shares_files = !syscall(SYS_kcmp, m->pid, parent, KCMP_FILES, 0, 0);
		m->process.shares_fs = !syscall(SYS_kcmp, m->pid, parent, KCMP_FS, 0, 0);
		if (!syscall(SYS_kcmp, m->pid, parent, KCMP_VM, 0, 0))
			return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
				       "processes %d and %d share their memory without being "
				       "threads, which cannot be saved; the job goes on",
				       parent, m->pid);
	}
	return 0;
}

/* Once all descriptors are known: a session's terminal has to be the job's own, or ours. */
static int check_terminal(struct cr_checkpoint *c, const struct cr_process *m)
{
	const cairn_Process *p = &m->process;

	if (p->zombie || !p->ctty || p->sid == getsid(0) || cr_pty_leads(&c->save, p->sid))
		return 0;
	return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d (%s) has a controlling terminal whose other side is outside of "
		       "the job: start the program that has it with crlaunch too; the job goes on",
		       p->pid, p->comm);
}

void cr_describe_shepherd(const struct cr_shepherd *sh, cairn_Job *j)
{
	size_t i;

	snprintf(j->backend, sizeof(j->backend), "%s", sh->backend->name);
	j->monotonic_ns = cr_now_ns(CLOCK_MONOTONIC);
	j->boottime_ns = cr_now_ns(CLOCK_BOOTTIME);
	if (sh->ids) {
		j->monotonic_ns += sh->ids->clock[0];
		j->boottime_ns += sh->ids->clock[1];
	}
	snprintf(j->name, sizeof(j->name), "%s", sh->name);
	snprintf(j->command, sizeof(j->command), "%s", sh->command);
	snprintf(j->agent_path, sizeof(j->agent_path), "%s", sh->library);
	j->restarts = sh->restarts;
	snprintf(j->agent_socket, sizeof(j->agent_socket), "%s", sh->agent_socket);
	j->shepherd_pid = getpid();
	j->shepherd_pgid = getpgrp();
	j->shepherd_sid = getsid(0);
	j->root_pid = sh->root_status < 0 ? sh->root : 0;
	j->root_status = sh->root_status;
	j->signal = sh->options.signal;
	cr_options_save(&sh->options, j);
	cr_plugins_save(sh, j);
	j->tty = sh->outside.tty;
	for (i = 0; i < sh->outside.nslots; i++) {
		struct termios t;

		if (!sh->outside.slots[i].tty || tcgetattr(sh->outside.slots[i].fd, &t))
			continue;
		j->termios.size = sizeof(t) < sizeof(j->termios.bytes) ? sizeof(t) : 0;
		memcpy(j->termios.bytes, &t, j->termios.size);
		j->tty_foreground = tcgetpgrp(sh->outside.slots[i].fd);
		break;
	}
}

void cr_describe_host(const struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cairn_Manifest *f = &c->manifest;
	struct utsname u;

	uname(&u);
	snprintf(f->job, sizeof(f->job), "%s", sh->name);
	snprintf(f->host, sizeof(f->host), "%s", u.nodename);
	snprintf(f->kernel, sizeof(f->kernel), "%.60s %.60s", u.release, u.version);
	snprintf(f->command, sizeof(f->command), "%s", sh->command);
	snprintf(f->cairn, sizeof(f->cairn), "%s", PACKAGE_VERSION);
	f->wall_ns = cr_now_ns(CLOCK_REALTIME);
	f->uid = geteuid();
	f->gid = getegid();
	f->has_cpu = true;
	cr_cpu_read(&f->cpu);
}

int cr_describe_job(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	bool sharing = false;
	size_t i, k;
	int ret = 0;

	cr_describe_shepherd(sh, &c->job);
	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];

		if (m->state == CR_PROCESS_GONE)
			continue;
		ret = cr_pass_over(c, describe_process(sh, c, m));
		if (!ret && m->state == CR_PROCESS_STOPPED)
			ret = cr_pass_over(c, cr_namespaces_look(m, &c->err));
		if (!ret)
			ret = cr_pass_over(c, check_sharing(c, m));
		sharing |= m->process.shares_files;
	}
	for (i = 0; i < c->processes.n && sharing; i++)
		drop_agents_fds(c, c->processes.v[i]);
	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];

		for (k = 0; k < m->fds.n && !ret; k++)
			ret = cr_pass_over(c, describe_fd(c, m, &m->fds.v[k]));
	}
	if (!ret)
		ret = cr_pass_over(c, cr_ptys_check(&c->save, &c->err));
	for (i = 0; i < c->processes.n && !ret; i++)
		if (c->processes.v[i]->state != CR_PROCESS_GONE)
			ret = cr_pass_over(c, check_terminal(c, c->processes.v[i]));
	return ret;
}

/* ---- records ---- */

/* The descriptors of all processes; a process's stand together. */
static int write_fds(struct cr_checkpoint *c)
{
	cairn_FdEntry *e = calloc(1, sizeof(*e));
	size_t i, n = c->save.holders.n;
	int ret = 0;

	if (!e)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	for (i = 0; i < n && !ret; i++) {
		const struct cr_holder *h = &c->save.holders.v[i];
		pb_size_t k = e->fds_count++;

		e->pid = h->pid;
		e->fds[k] = h->number;
		e->descriptions[k] = h->description;
		e->cloexec[k] = h->cloexec;
		e->descriptions_count = e->cloexec_count = e->fds_count;
		if (e->fds_count < CR_ARRAY_SIZE(e->fds) && i + 1 < n && h[1].pid == h->pid)
			continue;
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_FDS, e, &c->err);
		e->fds_count = 0;
	}
	free(e);
	return ret;
}

/* By what names of the thread locks in the job's memory may still be held. */
static void note_old_tids(const struct cr_ids *ids, cairn_Thread *t)
{
	int32_t id = cr_id_virtual(ids, CR_ID_PROCESS, t->tid);
	uint32_t i;

	if (id != t->tid)
		t->old_tids[t->old_tids_count++] = t->tid;
	for (i = 0; i < ids->nold && t->old_tids_count < CR_ARRAY_SIZE(t->old_tids); i++)
		if (ids->old[i].other == t->tid && ids->old[i].id != id)
			t->old_tids[t->old_tids_count++] = ids->old[i].id;
}

static int write_process(struct cr_checkpoint *c, struct cr_process *m)
{
	struct cr_image_writer *w = &c->writer;
	size_t i;
	int ret;

	ret = cr_image_record(w, cairn_RecordType_RECORD_PROCESS, &m->process, &c->err);
	if (ret || m->process.zombie)
		return ret;
	ret = cr_image_record(w, cairn_RecordType_RECORD_CORE, &m->core, &c->err);
	if (!ret)
		ret = cr_image_record(w, cairn_RecordType_RECORD_ATTRIBUTES, m->attributes,
				      &c->err);
	for (i = 0; i < m->threads.n && !ret; i++) {
		if (w->ids)
			note_old_tids(w->ids, &m->threads.v[i]);
		ret = cr_image_record(w, cairn_RecordType_RECORD_THREAD, &m->threads.v[i], &c->err);
	}
	for (i = 0; i < m->pending.n && !ret; i++)
		ret = cr_image_record(w, cairn_RecordType_RECORD_PENDING, &m->pending.v[i],
				      &c->err);
	for (i = 0; i < m->timers.n && !ret; i++)
		ret = cr_image_record(w, cairn_RecordType_RECORD_TIMER, &m->timers.v[i], &c->err);
	for (i = 0; i < m->undos.n && !ret; i++)
		ret = cr_image_record(w, cairn_RecordType_RECORD_UNDO, &m->undos.v[i], &c->err);
	return ret;
}

int cr_write_state(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cairn_Manifest *f = &c->manifest;
	size_t i;
	int ret;

	c->job.homes.size = c->save.homes.n * sizeof(struct cr_home);
	if (c->save.homes.n)
		memcpy(c->job.homes.bytes, c->save.homes.v, c->job.homes.size);
	ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_JOB, &c->job, &c->err);
	for (i = 0; i < c->save.descriptions.n && !ret; i++)
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_DESCRIPTION,
				      &c->save.descriptions.v[i]->m, &c->err);
	for (i = 0; i < c->processes.n && !ret; i++) {
		if (c->processes.v[i]->state == CR_PROCESS_GONE)
			continue;
		ret = write_process(c, c->processes.v[i]);
		f->processes++;
		f->threads += c->processes.v[i]->threads.n;
	}
	if (!ret)
		ret = write_fds(c);
	cr_describe_host(sh, c);
	return ret;
}
