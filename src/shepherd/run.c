// SPDX-License-Identifier: Apache-2.0
//
// The shepherd's life: children that end, signals that are passed on, checkpoints when it is time,
// until the job's last process has ended.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ids.h"
#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/control.h"
#include "shepherd/deaths.h"
#include "shepherd/guard.h"
#include "shepherd/helper.h"
#include "shepherd/interval.h"
#include "shepherd/pids.h"
#include "shepherd/run.h"
#include "shepherd/schedule.h"
#include "shepherd/setup.h"
#include "shepherd/shepherd.h"
#include "shepherd/unblock.h"

static void run_find_job(cr_pids *out, const void *unused)
{
	cr_job_pids(AT_FDCWD, getpid(), out);
}

void cr_kill_job(struct cr_shepherd *sh)
{
	cr_proc_kill(run_find_job, NULL);
}

/* As the shell's job control expects: what the user started stops. We do not: we are asked. */
static void root_stopped(struct cr_shepherd *sh)
{
	if (sh->report >= 0)
		cr_tell_stopped(sh);
	else if (getpgid(sh->root) != getpgrp())
		kill(sh->root, SIGCONT);
}

static void on_root_end(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	int status;

	/* It may have become ours, as an orphan. */
	if (waitpid(sh->root, &status, WNOHANG) == sh->root)
		sh->root_status = status;
	if (sh->backend->ended)
		sh->backend->ended(sh);
	else
		cr_shepherd_ended(sh, sh->root_status);
}

void cr_watch_root(struct cr_shepherd *sh)
{
	if (sh->root_event)
		event_free(sh->root_event);
	sh->root_event = event_new(sh->base, sh->root_fd, EV_READ, on_root_end, sh);
	event_add(sh->root_event, NULL);
}

void cr_shepherd_ended(struct cr_shepherd *sh, int status)
{
	sh->root_status = status;
	sh->ended = true;
	/* A checkpoint in flight still ends in order. */
	if (!sh->checkpoint)
		event_base_loopbreak(sh->base);
}

/* The name of the next child of the job that waitpid will tell of, if a signal has ended it. */
static void look_at_dead(char name[16])
{
	siginfo_t info = { .si_pid = 0 };
	struct cr_proc_stat st;

	*name = 0;
	if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) ||
	    !info.si_pid || (info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED) ||
	    cr_proc_stat(AT_FDCWD, info.si_pid, &st))
		return;
	/* What we have forked for ourselves is none. */
	if (strcmp(st.comm, CR_WRITER_NAME) && strcmp(st.comm, CR_PLUGIN_NAME) &&
	    strcmp(st.comm, "crlaunch") && strcmp(st.comm, "crrestart"))
		memcpy(name, st.comm, sizeof(st.comm));
}

static void run_reap(struct cr_shepherd *sh)
{
	char name[16];
	int status;
	pid_t pid;

	for (;;) {
		look_at_dead(name);
		pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);
		if (pid <= 0)
			break;
		/* A thread that cr_unblock() did not wait for any longer: it must not stay ours. */
		if (WIFSTOPPED(status) && cr_unseize(pid, status))
			continue;
		if (WIFSTOPPED(status)) {
			/* SIGSTOP is somebody's hand, not the terminal's. */
			if (pid == sh->root &&
			    (WSTOPSIG(status) != SIGSTOP || sh->root_was_stopped))
				root_stopped(sh);
			sh->root_was_stopped &= pid != sh->root;
			continue;
		}
		if (cr_helper_ended(sh, pid, status))
			continue;
		if (pid == sh->root)
			sh->root_status = status;
		if (*name)
			cr_death(sh, pid, name, status);
	}
	if (pid < 0 && errno == ECHILD && !sh->attached)
		cr_shepherd_ended(sh, sh->root_status);
}

static void pass_on(struct cr_shepherd *sh, const struct signalfd_siginfo *info)
{
	int sig = info->ssi_signo;

	/* From the terminal it has gone to the whole process group already, or must go to all. */
	if (info->ssi_code == SI_KERNEL && getpgid(sh->root) == getpgrp())
		return;
	if (sh->root_status < 0)
		kill(info->ssi_code == SI_KERNEL && getpgid(sh->root) == sh->root ? -sh->root :
										    sh->root,
		     sig);
	else
		sh->backend->kill(sh);
}

static void run_on_signal(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_code == SI_QUEUE && info.ssi_int == CR_WAKE_ONLY)
			continue;
		if (info.ssi_signo == SIGCHLD)
			run_reap(sh);
		else
			pass_on(sh, &info);
	}
}

/* An agent that comes when nobody called, because a call was repeated: it is told to go on. */
static void on_agent(int fd, short what, void *arg)
{
	int sock, i;

	for (i = 0; i < 64 && (sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; i++)
		close(sock);
}

/* Nobody would end the job after us: it ends now. */
static void on_guard_end(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;

	sh->exit_status = 128 + SIGKILL;
	cr_end_job(sh);
}

static int run_add_events(struct cr_shepherd *sh)
{
	sigset_t set;

	cr_passed_set(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sh->base = event_base_new();
	sh->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!sh->base || sh->signal_fd < 0)
		return -ENOMEM;
	sh->signal_event =
		event_new(sh->base, sh->signal_fd, EV_READ | EV_PERSIST, run_on_signal, sh);
	sh->control_event =
		event_new(sh->base, sh->control, EV_READ | EV_PERSIST, cr_control_accept, sh);
	event_add(sh->signal_event, NULL);
	event_add(sh->control_event, NULL);
	sh->agent_event = event_new(sh->base, sh->agents, EV_READ | EV_PERSIST, on_agent, sh);
	event_add(sh->agent_event, NULL);
	sh->reach_event =
		event_new(sh->base, sh->reach, EV_READ | EV_PERSIST, cr_control_accept, sh);
	event_add(sh->reach_event, NULL);
	if (sh->guard >= 0) {
		sh->guard_event = event_new(sh->base, sh->guard, EV_READ, on_guard_end, sh);
		event_add(sh->guard_event, NULL);
	}
	if (sh->attached)
		cr_watch_root(sh);
	if (cr_asks_begin(sh))
		return -ENOMEM;
	return cr_schedule_begin(sh);
}

static int end_status(const struct cr_shepherd *sh)
{
	if (sh->exit_status >= 0)
		return sh->exit_status;
	if (sh->root_status < 0)
		return 0;
	return WIFSIGNALED(sh->root_status) ? 128 + WTERMSIG(sh->root_status) :
					      WEXITSTATUS(sh->root_status);
}

int cr_shepherd_run(struct cr_shepherd *sh)
{
	int status;

	if (run_add_events(sh)) {
		cr_say("out of memory or descriptors: cannot watch over the job");
		sh->backend->kill(sh);
		return CR_EXIT_INTERNAL;
	}
	cr_cluster_begin(&sh->cluster);
	if (sh->attached)
		cr_shepherd_attached(sh);
	run_reap(sh);
	while (!sh->ended || sh->checkpoint)
		if (event_base_loop(sh->base, EVLOOP_ONCE) < 0)
			break;
	if (sh->virtual_ids)
		cr_ids_forget(sh->agent_socket);
	if (cr_interval(sh) > 0 || sh->options.stop_after > 0)
		if (sh->last_error[0])
			cr_say("the last checkpoint failed: %s", sh->last_error);
	cr_death_tell(sh);
	cr_shepherd_leave(sh);
	status = end_status(sh);
	cr_cluster_end(&sh->cluster, status,
		       sh->exit_status < 0 && sh->root_status >= 0 && WIFSIGNALED(sh->root_status));
	return status;
}
