// SPDX-License-Identifier: Apache-2.0
//
// Making the job's processes again: each by its saved parent, with its saved id, session and group,
// in stages that all reach together. Runs in the shepherd inside the sandbox, and in every process
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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/ids.h"
#include "objects/core/registry.h"
#include "objects/file/lock.h"
#include "objects/file/regular.h"
#include "objects/tty/pty_make.h"
#include "plugin/course.h"
#include "restart/failure.h"
#include "restart/restart_ids.h"
#include "restart/restart_pids.h"
#include "restart/plan.h"
#include "restart/restart_plugins.h"
#include "restart/restart.h"
#include "restart/restart_tree.h"
#include "shepherd/shepherd.h"

void cr_rendezvous_arrive(struct cr_restart *r, enum cr_rendezvous stage)
{
	uint32_t *arrived = &r->page->arrived[stage];

	/* Of hundreds each would else wake all the others only to see them sleep again. */
	if (__atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST) == r->page->wanted[stage])
		syscall(SYS_futex, arrived, FUTEX_WAKE, 0x7fffffff);
}

void cr_rendezvous_await(struct cr_restart *r, enum cr_rendezvous stage)
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

static void restart_tree_become(struct cr_restart *r, const struct cr_process_image *p)
	__attribute__((noreturn));

/* The shepherd itself lives on to tell. */
static void cannot_make(struct cr_restart *r, pid_t id)
{
	struct cr_err err = { 0 };

	cr_fail(&err, CR_EXIT_NAMESPACE, errno, "cannot make process %d with its saved id", id);
	cr_restart_note(r, id, &err);
	if (r->apart)
		_exit(1);
}

static void restart_tree_make(struct cr_restart *r, const struct cr_process_image *p)
{
	bool child = r->births.v[p - r->img.processes.v].way == CR_BIRTH_CHILD;
	int signal = p->process.exit_signal;
	pid_t pid = cr_clone_as(r, p->process.pid,
				(child && p->process.shares_files ? CLONE_FILES : 0) |
					(child && p->process.shares_fs ? CLONE_FS : 0),
				signal < 0 ? 0 :
				signal	   ? signal :
					     SIGCHLD);

	if (!pid) {
		r->apart = true;
		restart_tree_become(r, p);
	}
	if (pid < 0)
		cannot_make(r, p->process.pid);
	else
		cr_progress_made(r, p);
}

/* Somebody who helps for a moment. */
static pid_t restart_tree_make_helper(struct cr_restart *r, pid_t id)
{
	pid_t pid = cr_clone_as(r, id, 0, SIGCHLD);

	if (!pid)
		r->apart = true;
	if (pid < 0)
		cannot_make(r, id);
	return pid;
}

static pid_t spare(struct cr_restart *r, size_t n)
{
	return r->objects.virtual_ids ? 0 : cr_spare_id(r, n);
}

/* What it was to make, or held, is missing if it was killed. One that exits has said why. */
static void restart_tree_reap(struct cr_restart *r, pid_t pid)
{
	struct cr_err err = { 0 };
	int status = 0;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFSIGNALED(status))
		return;
	cr_restart_killed(&err, "a helper for sessions and groups,", pid, WTERMSIG(status));
	cr_restart_note(r, pid, &err);
	if (r->apart)
		_exit(1);
}

/* ---- births ---- */

/* Makes p from here but leaves it to whoever adopts orphans: its maker ends at once. */
static void make_orphan(struct cr_restart *r, const struct cr_process_image *p)
{
	pid_t between = restart_tree_make_helper(r, spare(r, p - r->img.processes.v));

	if (!between) {
		restart_tree_make(r, p);
		_exit(0);
	}
	restart_tree_reap(r, between);
}

static void await_turn(struct cr_restart *r, uint32_t turn)
{
	/* There are few, if any. */
	while (__atomic_load_n(&r->page->turn, __ATOMIC_SEQ_CST) < turn) {
		if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&r->page->go, __ATOMIC_SEQ_CST))
			_exit(1);
		usleep(200);
	}
}

static void next_turn(struct cr_restart *r)
{
	__atomic_add_fetch(&r->page->turn, 1, __ATOMIC_SEQ_CST);
}

/* A turn has three steps: the parent adopts orphans, the maker leaves one, the parent stops. */
static uint32_t step_of(const struct cr_birth *b, uint32_t step)
{
	return (b->turn - 1) * 3 + step;
}

static void restart_tree_adopt(struct cr_restart *r, const struct cr_birth *b)
{
	await_turn(r, step_of(b, 0));
	while (__atomic_load_n(&r->page->arrived[CR_AT_MADE], __ATOMIC_SEQ_CST) < b->before) {
		await_turn(r, 0);
		usleep(200);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	next_turn(r);
	await_turn(r, step_of(b, 2));
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	next_turn(r);
}

static void restart_tree_leave(struct cr_restart *r, const struct cr_birth *b,
			       const struct cr_process_image *p)
{
	await_turn(r, step_of(b, 1));
	make_orphan(r, p);
	next_turn(r);
}

static void take_turns(struct cr_restart *r, int me)
{
	pid_t pid = me < (int)r->img.processes.n ? r->img.processes.v[me].process.pid : 0;
	uint32_t turn;
	size_t i;

	for (turn = 1; turn <= r->births.turns; turn++)
		for (i = 0; i < r->img.processes.n; i++) {
			const struct cr_process_image *p = &r->img.processes.v[i];
			const struct cr_birth *b = &r->births.v[i];

			if (b->turn != turn)
				continue;
			if (b->maker == me)
				restart_tree_leave(r, b, p);
			else if (p->process.ppid == pid)
				restart_tree_adopt(r, b);
		}
}

/* Those whom this process makes before (or after) it has begun its session. */
static void restart_tree_make_all(struct cr_restart *r, int me, bool early)
{
	size_t i;

	for (i = 0; i < r->img.processes.n && !r->page->failed; i++) {
		const struct cr_birth *b = &r->births.v[i];

		if (b->maker != me || b->early != early)
			continue;
		if (b->way == CR_BIRTH_CHILD)
			restart_tree_make(r, &r->img.processes.v[i]);
		else if (b->way == CR_BIRTH_ORPHAN)
			make_orphan(r, &r->img.processes.v[i]);
	}
}

/* Sessions whose leader is gone, as far as this process has to begin them. */
static void make_founders(struct cr_restart *r, int me)
{
	size_t i;

	for (i = 0; i < r->births.founders.n; i++) {
		const struct cr_founder *f = &r->births.founders.v[i];

		if (f->place != me || restart_tree_make_helper(r, f->session))
			continue;
		setsid();
		restart_tree_make_all(r, r->img.processes.n + 1 + i, false);
		take_turns(r, r->img.processes.n + 1 + i);
		_exit(0);
	}
}

static void reap_founders(struct cr_restart *r, int me)
{
	size_t i;

	for (i = 0; i < r->births.founders.n; i++)
		if (r->births.founders.v[i].place == me)
			restart_tree_reap(r, cr_real(r, r->births.founders.v[i].session));
}

static uint32_t restart_tree_count(const struct cr_restart *r)
{
	return r->img.processes.n;
}

/* ---- groups ---- */

/* A member of the group that this process is in, until all are where they belong. */
static pid_t hold_group(struct cr_restart *r, pid_t id)
{
	pid_t pid = restart_tree_make_helper(r, id);

	if (!pid) {
		cr_rendezvous_await(r, CR_AT_GROUPS);
		_exit(0);
	}
	return pid;
}

/* The first process of a group whose leader is gone makes a stand-in with the leader's id. */
static pid_t stand_in(struct cr_restart *r, const cairn_Process *p)
{
	pid_t pid;
	size_t i;

	if (!p->pgid || cr_has_process(r, p->pgid) || cr_real(r, p->pgid) == getpgrp() ||
	    p->pgid == r->img.job.shepherd_pgid)
		return 0;
	for (i = 0; i < r->img.processes.n; i++)
		if (r->img.processes.v[i].process.pgid == p->pgid)
			break;
	if (r->img.processes.v[i].process.pid != p->pid)
		return 0;
	pid = hold_group(r, p->pgid);
	setpgid(pid, pid);
	return pid;
}

/* A process leads a group for others even if it has left it; and is in none of two meanwhile. */
static void lead_group(struct cr_restart *r, const cairn_Process *p, int me, pid_t helpers[2])
{
	size_t n = r->img.processes.n + 2 * me, i;

	for (i = 0; i < r->img.processes.n; i++)
		if (r->img.processes.v[i].process.pgid == p->pid)
			break;
	if (i == r->img.processes.n || p->sid == p->pid)
		return;
	/* It may come back to the one that it is in. */
	if (p->pgid != p->pid)
		helpers[0] = hold_group(r, spare(r, n));
	setpgid(0, 0);
	if (p->pgid != p->pid)
		helpers[1] = hold_group(r, spare(r, n + 1));
}

static void join_group(struct cr_restart *r, const cairn_Process *p, int me)
{
	pid_t helpers[3] = { 0 }, born = getpgrp(), group;
	struct cr_err err = { 0 };

	lead_group(r, p, me, helpers);
	helpers[2] = stand_in(r, p);
	cr_rendezvous_arrive(r, CR_AT_LEADERS);
	cr_rendezvous_await(r, CR_AT_LEADERS);
	group = !p->pgid || p->pgid == r->img.job.shepherd_pgid ? born : cr_real(r, p->pgid);
	/* One from outside has no number here. */
	if (group != getpgrp() && (!group || setpgid(0, group))) {
		cr_fail(&err, CR_EXIT_INTERNAL, group ? errno : 0,
			"process %d cannot join its group %d", p->pid, p->pgid);
		cr_restart_die(r, p->pid, &err);
	}
	cr_rendezvous_arrive(r, CR_AT_GROUPS);
	cr_rendezvous_await(r, CR_AT_GROUPS);
	for (int i = 0; i < 3; i++)
		restart_tree_reap(r, helpers[i]);
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

/* Children that have ended have done so before this process has its handlers, or runs. */
static void await_zombies(struct cr_restart *r, const cairn_Process *p)
{
	siginfo_t info;
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *c = &r->img.processes.v[i].process;

		if (!c->zombie || c->ppid != p->pid)
			continue;
		while (waitid(P_PID, cr_real(r, c->pid), &info, WEXITED | WNOWAIT | __WALL) &&
		       errno == EINTR)
			;
	}
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

static void restart_tree_become(struct cr_restart *r, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	int me = p - r->img.processes.v;
	const struct cr_birth *b = &r->births.v[me];
	bool leader = m->sid == m->pid;
	struct cr_err err = { 0 };

	cr_progress_made(r, p);
	/* Who adopts orphans would have those of this process too. */
	if (b->way == CR_BIRTH_ADOPTED)
		await_turn(r, step_of(b, 3));
	restart_tree_make_all(r, me, true);
	if (leader) {
		setsid();
		if (cr_pty_lead(&r->objects, m->pid)) {
			cr_fail(&err, CR_EXIT_INTERNAL, errno,
				"process %d cannot have its controlling terminal", m->pid);
			cr_restart_die(r, m->pid, &err);
		}
	}
	restart_tree_make_all(r, me, false);
	make_founders(r, me);
	cr_rendezvous_arrive(r, CR_AT_MADE);
	take_turns(r, me);
	reap_founders(r, me);
	leave_terminal(r, m);
	cr_rendezvous_arrive(r, CR_AT_BORN);
	cr_rendezvous_await(r, CR_AT_BORN);
	join_group(r, m, me);
	if (leader)
		set_foreground(r, m);
	if (m->zombie) {
		if (cr_locks_by_process(&r->objects, m->pid, &err))
			cr_restart_die(r, m->pid, &err);
		prctl(PR_SET_NAME, m->comm);
		cr_progress_over(r, p);
		be_zombie(m);
	}
	await_zombies(r, m);
	cr_become(r, p, &err);
	cr_restart_die(r, m->pid, &err);
}

/* ---- in the shepherd ---- */

/* Ends all that have been made, if the restart has failed. */
static void restart_tree_give_up(void *of)
{
	struct cr_restart *r = of;
	size_t i;

	if (!r->err->status || !r->page)
		return;
	__atomic_store_n(&r->page->go, 2, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &r->page->go, FUTEX_WAKE, 0x7fffffff);
	for (i = 0; i < r->img.processes.n; i++) {
		pid_t pid = cr_real(r, r->img.processes.v[i].process.pid);

		/* Who is not born yet has no id, and 0 is our own group: the caller's shell. */
		if (pid > 0)
			kill(pid, SIGKILL);
	}
}

/* How many come to each rendezvous. */
static void count_arrivals(struct cr_restart *r)
{
	uint32_t *wanted = r->page->wanted;
	size_t i;

	wanted[CR_AT_MADE] = wanted[CR_AT_BORN] = restart_tree_count(r);
	wanted[CR_AT_LEADERS] = wanted[CR_AT_GROUPS] = restart_tree_count(r);
	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];
		bool shares = cr_shares_files(r, p);

		wanted[CR_AT_BUILT] += shares;
		wanted[CR_AT_PLACED] += shares && !p->process.shares_files;
		if (!p->process.zombie)
			wanted[CR_AT_READY] += p->threads.n;
	}
}

/* ---- the stages ---- */

static int restart_tree_plan(void *of)
{
	struct cr_restart *r = of;
	int ret = cr_births_plan(&r->births, &r->img, r->err);

	return ret ? ret : cr_collect_ids(r, r->err);
}

static void forget_plan(void *of)
{
	struct cr_restart *r = of;

	cr_births_free(&r->births);
	free(r->pids.v);
	free(r->taken.v);
	free(r->sharers.v);
}

static int load_plugins(void *of)
{
	struct cr_restart *r = of;

	return cr_restart_plugins(r, r->err);
}

void cr_restart_plugins_over(void *of)
{
	struct cr_restart *r = of;

	cr_plugins_over(&r->sh->plugins, !r->err->status, r->err);
}

static int prepare_objects(void *of)
{
	struct cr_restart *r = of;

	return cr_objects_prepare(&r->objects, r->err);
}

static void free_objects(void *of)
{
	struct cr_restart *r = of;

	if (r->err->status)
		cr_inodes_give_up(&r->objects);
	cr_restore_free(&r->objects);
}

static int make_processes(void *of)
{
	struct cr_restart *r = of;
	int ret;

	count_arrivals(r);
	restart_tree_make_all(r, CR_BY_SHEPHERD, false);
	make_founders(r, CR_BY_SHEPHERD);
	ret = cr_restart_await(r, CR_AT_BORN, r->err);
	if (!ret)
		reap_founders(r, CR_BY_SHEPHERD);
	return ret;
}

static int open_late(void *of)
{
	struct cr_restart *r = of;

	return cr_objects_late(&r->objects, r->err);
}

static int await_ready(void *of)
{
	struct cr_restart *r = of;

	return cr_restart_await(r, CR_AT_READY, r->err);
}

static int settle_ids(void *of)
{
	struct cr_restart *r = of;

	return cr_restart_ids_settle(r, r->err);
}

static int inform_plugins(void *of)
{
	struct cr_restart *r = of;

	return cr_restart_plugins_ready(r, r->err);
}

static int restart_tree_apply(void *of)
{
	struct cr_restart *r = of;

	return cr_objects_apply(&r->objects, r->err);
}

static int find_root(void *of)
{
	struct cr_restart *r = of;
	struct cr_shepherd *sh = r->sh;

	sh->root = cr_id_real(sh->ids, CR_ID_PROCESS, r->img.job.root_pid);
	sh->root_status = sh->root ? -1 : r->img.job.root_status;
	return 0;
}

const struct cr_stage cr_agent_restart_stages[] = {
	{ "planning", restart_tree_plan, .undo = forget_plan },
	{ "loading", load_plugins, .undo = cr_restart_plugins_over },
	{ "preparing", prepare_objects, .undo = free_objects },
	/* From here on there are processes; each goes its own way, until it waits to be let go. */
	{ "forking", make_processes, .undo = restart_tree_give_up },
	{ "opening", .run = open_late },
	{ "restoring", .run = await_ready },
	{ "settling", .run = settle_ids },
	{ "informing", inform_plugins, .barrier = cairn_Step_STEP_RESTORED },
	{ "applying", restart_tree_apply, .barrier = cairn_Step_STEP_READY },
	{ "closing", find_root, .settles = { free_objects, forget_plan } },
	{ 0 },
};

int cr_restart_go(struct cr_restart *r, struct cr_err *err)
{
	int ret;

	__atomic_store_n(&r->page->go, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &r->page->go, FUTEX_WAKE, 0x7fffffff);
	/* What fails in those last steps would else be an end without a word. */
	ret = cr_restart_await_over(r, err);
	munmap(r->page, r->page_room);
	r->page = NULL;
	return ret;
}
