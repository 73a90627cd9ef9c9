// SPDX-License-Identifier: Apache-2.0
//
// Making the job's processes again: each by its saved parent, with its saved id, session and group,
// in stages that all reach together. Runs in the shepherd inside the capsule, and in every process
// that it makes. On failure all of them are ended and nothing of the job has run.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "restart/restart.h"

static const char *const labels[CR_LABELS] = {
	"its address space", "its memory",  "the vdso",	  "the places of heap, stack and arguments",
	"signal actions",    "its threads", "its timers", "scheduling",
	"credentials",
};

void cr_restart_die(struct cr_restart *r, pid_t pid, const struct cr_err *err)
{
	uint32_t none = 0;

	if (__atomic_compare_exchange_n(&r->page->failed, &none, 1, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		r->page->pid = pid;
		r->page->status = err->status;
		r->page->error = err->error;
		memcpy(r->page->text, err->text, sizeof(r->page->text));
		__atomic_store_n(&r->page->failed, 2, __ATOMIC_SEQ_CST);
	}
	_exit(1);
}

void cr_stage_arrive(struct cr_restart *r, enum cr_stage stage)
{
	uint32_t *arrived = &r->page->arrived[stage];

	/* Of hundreds each would else wake all the others only to see them sleep again. */
	if (__atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST) == r->page->wanted[stage])
		syscall(SYS_futex, arrived, FUTEX_WAKE, 0x7fffffff);
}

void cr_stage_await(struct cr_restart *r, enum cr_stage stage)
{
	uint32_t have, n = r->page->wanted[stage];
	struct timespec tick = { 0, 100000000 };

	while ((have = __atomic_load_n(&r->page->arrived[stage], __ATOMIC_SEQ_CST)) < n) {
		if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&r->page->go, __ATOMIC_SEQ_CST))
			_exit(1);
		syscall(SYS_futex, &r->page->arrived[stage], FUTEX_WAIT, have, &tick);
	}
}

static void become(struct cr_restart *r, const struct cr_process_image *p)
	__attribute__((noreturn));

static void make(struct cr_restart *r, const struct cr_process_image *p)
{
	struct cr_err err = { 0 };
	int signal = p->process.exit_signal;
	pid_t pid = cr_clone_as(r, p->process.pid,
				(p->process.shares_files ? CLONE_FILES : 0) |
					(p->process.shares_fs ? CLONE_FS : 0),
				signal < 0 ? 0 :
				signal	   ? signal :
					     SIGCHLD);

	if (!pid)
		become(r, p);
	if (pid < 0) {
		cr_fail(&err, CR_EXIT_NAMESPACE, errno, "cannot make process %d with its saved id",
			p->process.pid);
		cr_restart_die(r, p->process.pid, &err);
	}
}

/* ---- ids ---- */

static int by_id(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

static bool among(const cr_pids *ids, pid_t id)
{
	return ids->n && bsearch(&id, ids->v, ids->n, sizeof(id), by_id);
}

static int add_id(cr_pids *ids, pid_t id)
{
	pid_t *to = cr_list_add(ids);

	if (!to)
		return -ENOMEM;
	*to = id;
	return 0;
}

/* Sorted, as they are looked for by every process that is made. */
static int collect_ids(struct cr_restart *r, struct cr_err *err)
{
	const cairn_Job *job = &r->img.job;
	int ret = add_id(&r->taken, job->shepherd_pid) | add_id(&r->taken, job->shepherd_pgid) |
		  add_id(&r->taken, job->shepherd_sid);
	size_t i, k;

	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];

		ret |= add_id(&r->pids, p->process.pid) | add_id(&r->taken, p->process.pid) |
		       add_id(&r->taken, p->process.pgid) | add_id(&r->taken, p->process.sid);
		for (k = 0; k < p->threads.n; k++)
			ret |= add_id(&r->taken, p->threads.v[k].tid);
		if (p->process.shares_files)
			ret |= add_id(&r->sharers, p->process.ppid);
	}
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	qsort(r->pids.v, r->pids.n, sizeof(pid_t), by_id);
	qsort(r->taken.v, r->taken.n, sizeof(pid_t), by_id);
	if (r->sharers.n)
		qsort(r->sharers.v, r->sharers.n, sizeof(pid_t), by_id);
	return 0;
}

bool cr_shares_files(const struct cr_restart *r, const struct cr_process_image *p)
{
	return p->process.shares_files || among(&r->sharers, p->process.pid);
}

pid_t cr_spare_id(const struct cr_restart *r, const struct cr_process_image *p)
{
	/* The nth free one from the top for the nth process. */
	size_t n = p - r->img.processes.v;
	pid_t id = 32000;

	for (; id > 2; id--)
		if (!among(&r->taken, id) && !n--)
			return id;
	return 0;
}

/* Makes p from here but leaves it to the shepherd: its maker ends at once. */
static void make_orphan(struct cr_restart *r, const struct cr_process_image *p)
{
	pid_t between = cr_clone_as(r, r->objects.virtual_ids ? 0 : cr_spare_id(r, p), 0, SIGCHLD);

	if (!between) {
		make(r, p);
		_exit(0);
	}
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool exists(const struct cr_restart *r, pid_t pid)
{
	return among(&r->pids, pid);
}

static bool orphan(const struct cr_restart *r, const struct cr_process_image *p)
{
	return !exists(r, p->process.ppid);
}

/* Children of p that are made before (or after) it starts its session, and orphans of it. */
static void make_children(struct cr_restart *r, const cairn_Process *p, bool leader, bool after)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *c = &r->img.processes.v[i];
		bool in_session = c->process.sid == p->pid || c->process.sid == c->process.pid;

		if (c->process.ppid == p->pid) {
			if (!leader ? after : in_session == after)
				make(r, c);
		} else if (leader && after && orphan(r, c) && c->process.sid == p->pid &&
			   c->process.pid != p->pid) {
			make_orphan(r, c);
		}
	}
}

static uint32_t count(const struct cr_restart *r)
{
	return r->img.processes.n;
}

/* The first process of a group whose leader is gone makes a stand-in with the leader's id. */
static pid_t stand_in(struct cr_restart *r, const cairn_Process *p)
{
	size_t i;
	pid_t pid;

	if (!p->pgid || exists(r, p->pgid) || cr_real(r, p->pgid) == getpgrp() ||
	    p->pgid == r->img.job.shepherd_pgid)
		return 0;
	for (i = 0; i < r->img.processes.n; i++)
		if (r->img.processes.v[i].process.pgid == p->pgid)
			break;
	if (r->img.processes.v[i].process.pid != p->pid)
		return 0;
	pid = cr_clone_as(r, p->pgid, 0, SIGCHLD);
	if (!pid) {
		setpgid(0, 0);
		cr_stage_arrive(r, CR_STAGE_LEADERS);
		cr_stage_await(r, CR_STAGE_GROUPS);
		_exit(0);
	}
	return pid;
}

static uint32_t stand_ins(const struct cr_restart *r)
{
	uint32_t n = 0;
	size_t i, k;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;

		if (!p->pgid || exists(r, p->pgid) || p->pgid == p->sid ||
		    p->pgid == r->img.job.shepherd_pgid)
			continue;
		for (k = 0; k < i; k++)
			if (r->img.processes.v[k].process.pgid == p->pgid)
				break;
		n += k == i;
	}
	return n;
}

static void join_group(struct cr_restart *r, const cairn_Process *p)
{
	struct cr_err err = { 0 };
	pid_t helper;

	if (p->pgid == p->pid && p->sid != p->pid)
		setpgid(0, 0);
	helper = stand_in(r, p);
	cr_stage_arrive(r, CR_STAGE_LEADERS);
	cr_stage_await(r, CR_STAGE_LEADERS);
	if (p->pgid && cr_real(r, p->pgid) != getpgrp() && p->pgid != r->img.job.shepherd_pgid &&
	    setpgid(0, cr_real(r, p->pgid))) {
		cr_fail(&err, CR_EXIT_INTERNAL, errno, "process %d cannot join its group %d",
			p->pid, p->pgid);
		cr_restart_die(r, p->pid, &err);
	}
	cr_stage_arrive(r, CR_STAGE_GROUPS);
	cr_stage_await(r, CR_STAGE_GROUPS);
	if (helper > 0)
		while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
			;
}

static void be_zombie(const cairn_Process *p)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	int sig = p->exit_code & 0x7f;
	struct rlimit none = { 0, 0 };
	sigset_t set;

	if (!sig)
		_exit(p->exit_code >> 8 & 0xff);
	setrlimit(RLIMIT_CORE, &none);
	sigaction(sig, &dfl, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), sig);
	_exit(128 + sig);
}

/* Children have inherited the session's terminal; who had given it up does so. */
static void leave_terminal(struct cr_restart *r, const cairn_Process *p)
{
	pid_t foreground;
	int fd;

	if (!p->ctty && !p->zombie && p->sid != p->pid &&
	    cr_pty_of(&r->objects, p->sid, &fd, &foreground))
		ioctl(fd, TIOCNOTTY);
}

/* In the session's leader, when all groups are there, but for one whose last process is gone. */
static void set_foreground(struct cr_restart *r, const cairn_Process *p)
{
	pid_t foreground, pid;
	int fd;

	if (!cr_pty_of(&r->objects, p->sid, &fd, &foreground) || foreground <= 0)
		return;
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(fd, cr_real(r, foreground)) &&
	    (pid = cr_clone_as(r, foreground, 0, SIGCHLD)) >= 0) {
		if (!pid) {
			setpgid(0, 0);
			tcsetpgrp(fd, getpid());
			_exit(0);
		}
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	signal(SIGTTOU, SIG_DFL);
}

static void become(struct cr_restart *r, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	bool leader = m->sid == m->pid;
	struct cr_err err = { 0 };

	make_children(r, m, leader, false);
	if (leader) {
		setsid();
		if (cr_pty_lead(&r->objects, m->pid)) {
			cr_fail(&err, CR_EXIT_INTERNAL, errno,
				"process %d cannot have its controlling terminal", m->pid);
			cr_restart_die(r, m->pid, &err);
		}
	}
	make_children(r, m, leader, true);
	leave_terminal(r, m);
	cr_stage_arrive(r, CR_STAGE_BORN);
	cr_stage_await(r, CR_STAGE_BORN);
	join_group(r, m);
	if (leader)
		set_foreground(r, m);
	if (m->zombie) {
		prctl(PR_SET_NAME, m->comm);
		be_zombie(m);
	}
	cr_become(r, p, &err);
	cr_restart_die(r, m->pid, &err);
}

/* ---- in the shepherd ---- */

/* Whether an orphan can be made by the shepherd itself. */
static bool ours_to_make(struct cr_restart *r, const cairn_Process *p)
{
	return p->sid == p->pid || p->sid == r->img.job.shepherd_sid || !p->sid;
}

/* Orphans of a session whose leader is gone: a stand-in leads it while they are made. */
static int make_leaderless(struct cr_restart *r, struct cr_err *err)
{
	size_t i, k;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;
		pid_t leader;

		if (!orphan(r, &r->img.processes.v[i]) || ours_to_make(r, p) || exists(r, p->sid))
			continue;
		for (k = 0; k < i; k++)
			if (r->img.processes.v[k].process.sid == p->sid &&
			    orphan(r, &r->img.processes.v[k]))
				break;
		if (k < i)
			continue;
		leader = cr_clone_as(r, p->sid, 0, SIGCHLD);
		if (!leader) {
			setsid();
			for (k = i; k < r->img.processes.n; k++)
				if (r->img.processes.v[k].process.sid == p->sid &&
				    orphan(r, &r->img.processes.v[k]))
					make(r, &r->img.processes.v[k]);
			_exit(0);
		}
		if (leader < 0)
			return cr_fail(err, CR_EXIT_NAMESPACE, errno, "cannot lead session %d",
				       p->sid);
		while (waitpid(leader, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return 0;
}

static int failure(struct cr_restart *r, struct cr_err *err)
{
	const struct cr_restart_page *page = r->page;

	while (__atomic_load_n(&page->failed, __ATOMIC_SEQ_CST) == 1)
		usleep(100);
	if (page->status > 0)
		return cr_fail(err, page->status, 0, "%s", page->text);
	return cr_fail(err, CR_EXIT_INTERNAL, page->error,
		       "process %d: cannot restore %s (at %llx)", page->pid,
		       labels[(-1 - page->status) % CR_LABELS], (unsigned long long)page->at);
}

/* Someone who ended without a word, such as by the kernel's hand. */
static int look_for_dead(struct cr_restart *r, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;
		struct cr_proc_stat st;

		if (p->zombie ||
		    (!cr_proc_stat(AT_FDCWD, cr_real(r, p->pid), &st) && st.state != 'Z'))
			continue;
		/* It may have spoken just before. */
		if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST))
			return failure(r, err);
		return cr_fail(err, CR_EXIT_INTERNAL, 0,
			       "process %d ended while it was restored (out of memory?)", p->pid);
	}
	return 0;
}

static int await(struct cr_restart *r, enum cr_stage stage, struct cr_err *err)
{
	struct timespec tick = { 0, 50000000 };
	uint32_t have, n = r->page->wanted[stage], all_born = count(r);
	int ret;

	while ((have = __atomic_load_n(&r->page->arrived[stage], __ATOMIC_SEQ_CST)) < n) {
		if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST))
			return failure(r, err);
		if (!syscall(SYS_futex, &r->page->arrived[stage], FUTEX_WAIT, have, &tick) ||
		    errno == EAGAIN)
			continue;
		if (__atomic_load_n(&r->page->arrived[CR_STAGE_BORN], __ATOMIC_SEQ_CST) < all_born)
			continue;
		ret = look_for_dead(r, err);
		if (ret)
			return ret;
	}
	return 0;
}

static void give_up(struct cr_restart *r)
{
	size_t i;

	__atomic_store_n(&r->page->go, 2, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &r->page->go, FUTEX_WAKE, 0x7fffffff);
	for (i = 0; i < r->img.processes.n; i++)
		kill(cr_real(r, r->img.processes.v[i].process.pid), SIGKILL);
}

/* How many come to each stage. */
static void count_stages(struct cr_restart *r)
{
	uint32_t *wanted = r->page->wanted;
	size_t i;

	wanted[CR_STAGE_BORN] = wanted[CR_STAGE_GROUPS] = count(r);
	wanted[CR_STAGE_LEADERS] = count(r) + stand_ins(r);
	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];
		bool shares = cr_shares_files(r, p);

		wanted[CR_STAGE_BUILT] += shares;
		wanted[CR_STAGE_PLACED] += shares && !p->process.shares_files;
		if (!p->process.zombie)
			wanted[CR_STAGE_READY] += p->threads.n;
	}
}

int cr_restart_tree(struct cr_restart *r, struct cr_err *err)
{
	size_t i;
	int ret;

	ret = collect_ids(r, err);
	if (!ret)
		ret = cr_restart_plugins(r, err);
	if (!ret)
		ret = cr_objects_prepare(&r->objects, err);
	if (!ret)
		ret = cr_hostnames_make(r, err);
	if (ret) {
		cr_plugins_end(&r->sh->plugins);
		cr_inodes_give_up(&r->objects);
		cr_restore_free(&r->objects);
		return ret;
	}
	count_stages(r);
	for (i = 0; i < r->img.processes.n && !r->page->failed; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];

		if (orphan(r, p) && ours_to_make(r, &p->process))
			make(r, p);
	}
	ret = make_leaderless(r, err);
	if (!ret)
		ret = await(r, CR_STAGE_BORN, err);
	if (!ret)
		ret = cr_objects_late(&r->objects, err);
	if (!ret)
		ret = await(r, CR_STAGE_READY, err);
	if (!ret)
		ret = cr_restart_ids_settle(r, err);
	if (!ret)
		ret = cr_restart_plugins_ready(r, err);
	if (!ret)
		ret = cr_cluster_barrier(&r->sh->cluster, "restored", err);
	if (!ret)
		ret = cr_objects_apply(&r->objects, err);
	if (!ret)
		ret = cr_cluster_barrier(&r->sh->cluster, "ready", err);
	if (ret) {
		give_up(r);
		cr_plugins_over(&r->sh->plugins, false, err);
		cr_inodes_give_up(&r->objects);
	}
	cr_hostnames_free(r);
	cr_restore_free(&r->objects);
	free(r->pids.v);
	free(r->taken.v);
	free(r->sharers.v);
	return ret;
}

int cr_agent_restart(struct cr_restart *r, struct cr_err *err)
{
	struct cr_shepherd *sh = r->sh;
	int ret = cr_restart_tree(r, err);

	if (ret)
		return ret;
	sh->root = cr_id_real(sh->ids, CR_ID_PROCESS, r->img.job.root_pid);
	sh->root_status = sh->root ? -1 : r->img.job.root_status;
	return 0;
}

void cr_restart_go(struct cr_restart *r)
{
	__atomic_store_n(&r->page->go, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &r->page->go, FUTEX_WAKE, 0x7fffffff);
	munmap(r->page, r->page_room);
}
