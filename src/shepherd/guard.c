// SPDX-License-Identifier: Apache-2.0
//
// A job never outlives its shepherd, however that ends: a copy of it could be restarted beside it.
// So there are three processes above a job without a sandbox:
//   outer      what the user started, in the user's process group: job control sees this one
//   guard      in a session of its own and under another name, so that what is meant for the group,
//              the session or the program does not end it with the others
//   shepherd   the job's parent
// Outer and guard are subreapers: whatever loses its parent in the job comes to the shepherd, then
// to the guard, then to outer, and whoever is left of the three ends all that is below it. The
// guard runs a shepherd on that somebody has stopped, so that it always answers. In a sandbox init
// is the guard, and the kernel ends the job with it. Neither knows anything else of the job.
#include "shepherd/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shepherd/shepherd.h"

#define TURN_NS 1000000
#define SLOW_NS 500000000

static const int passed[] = { SIGTERM, SIGINT,	SIGQUIT, SIGHUP,   SIGUSR1,
			      SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH, SIGALRM };

void cr_passed_set(sigset_t *set)
{
	size_t i;

	sigemptyset(set);
	for (i = 0; i < CR_ARRAY_SIZE(passed); i++)
		sigaddset(set, passed[i]);
}

static bool is_passed(int sig)
{
	sigset_t set;

	cr_passed_set(&set);
	return sigismember(&set, sig) == 1;
}

static int guard_status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The job's end is an exit status of the shepherd; a signal was meant for the shepherd itself. */
int cr_shepherd_status(int status)
{
	if (WIFSIGNALED(status))
		cr_say("the shepherd of the job was killed by signal %d (%s): the job ends with it",
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return guard_status_of(status);
}

/* ---- the end ---- */

struct below {
	pid_t pid, parent;
};

typedef CR_LIST(struct below) below_list;

/* All below this process, each with its parent; writers and helpers too. */
static void guard_find_below(below_list *list)
{
	cr_pids pids = { 0 };
	pid_t parent = getpid();
	size_t done = 0, i;

	for (;;) {
		pids.n = 0;
		cr_proc_children(AT_FDCWD, parent, &pids);
		for (i = 0; i < pids.n; i++) {
			struct below *to = cr_list_add(list);

			if (to)
				*to = (struct below){ pids.v[i], parent };
		}
		if (done == list->n)
			break;
		parent = list->v[done++].pid;
	}
	free(pids.v);
}

/* Whether we may not end it. */
static bool guard_slay(const struct below *b)
{
	cr_auto_fd fd = syscall(SYS_pidfd_open, b->pid, 0);
	struct cr_proc_stat st;

	/* The number may be another's by now. */
	return fd >= 0 && !cr_proc_stat(AT_FDCWD, b->pid, &st) && st.ppid == b->parent &&
	       syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) && errno == EPERM;
}

void cr_end_below(void)
{
	struct timespec turn = { 0, TURN_NS };
	bool told = false;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (;;) {
		below_list list = { 0 };
		size_t i;
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return;
		guard_find_below(&list);
		for (i = 0; i < list.n; i++)
			if (guard_slay(&list.v[i]) && !told) {
				told = true;
				cr_say("process %d is another user's: the job is over when it ends",
				       list.v[i].pid);
			}
		free(list.v);
		/* What is in the kernel's hands, or another user's, may take long. */
		if (sigtimedwait(&child, NULL, &turn) < 0 && turn.tv_nsec < SLOW_NS)
			turn.tv_nsec += turn.tv_nsec / 4;
	}
}

/* ---- the guard ---- */

void cr_wake_shepherd(pid_t shepherd)
{
	siginfo_t info = { .si_signo = SIGCONT, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = CR_WAKE_ONLY;
	syscall(SYS_rt_sigqueueinfo, shepherd, SIGCONT, &info);
}

/* Another name, for ps and for those who look for our program by its own. */
static void rename_self(void)
{
	struct cr_proc_stat st;

	prctl(PR_SET_NAME, CR_GUARD_NAME);
	if (cr_proc_stat(AT_FDCWD, getpid(), &st) || st.arg_end <= st.arg_start)
		return;
	memset((char *)st.arg_start, 0, st.arg_end - st.arg_start);
	snprintf((char *)st.arg_start, st.arg_end - st.arg_start, CR_GUARD_NAME);
}

void cr_guard_begin(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Also tells us of the end of the process above. */
	prctl(PR_SET_PDEATHSIG, SIGCHLD);
}

int cr_guard_keep(pid_t shepherd, pid_t outer)
{
	int status = 0, result = 128 + SIGKILL;
	bool over = false;
	siginfo_t info;
	sigset_t set;
	pid_t pid;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	rename_self();
	setsid();
	while (!over && getppid() == outer) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD && is_passed(info.si_signo))
			kill(shepherd, info.si_signo);
		while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
			if (pid != shepherd)
				continue;
			if (WIFSTOPPED(status)) {
				cr_wake_shepherd(shepherd);
				continue;
			}
			result = cr_shepherd_status(status);
			over = true;
		}
	}
	cr_end_below();
	/* It may have stopped with the job. */
	if (getppid() == outer)
		kill(outer, SIGCONT);
	return result;
}

/* ---- outer ---- */

static bool told(int report)
{
	bool any = false;
	char c;

	while (read(report, &c, 1) == 1)
		any = true;
	return any;
}

/* The job was stopped: stop as the shell expects, and start it again when the shell says so. */
static void follow_stop(int tty, pid_t below, int report)
{
	pid_t group = tty < 0 ? -1 : tcgetpgrp(tty);
	sigset_t ttou, old;

	raise(SIGSTOP);
	/* What was told meanwhile is over. */
	told(report);
	if (tty >= 0 && tcgetpgrp(tty) == getpgrp()) {
		sigemptyset(&ttou);
		sigaddset(&ttou, SIGTTOU);
		sigprocmask(SIG_BLOCK, &ttou, &old);
		tcsetpgrp(tty, group);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	kill(below, SIGCONT);
}

int cr_outer(pid_t below, int tty, int report, bool terminal)
{
	int status = 0;
	siginfo_t info;
	sigset_t set;

	cr_passed_set(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGIO);
	fcntl(report, F_SETOWN, getpid());
	fcntl(report, F_SETFL, O_NONBLOCK | O_ASYNC);
	for (;;) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo == SIGIO && told(report))
			follow_stop(tty, below, report);
		if (info.si_signo == SIGCHLD && waitpid(below, &status, WNOHANG) == below)
			break;
		/* From the terminal it went to the job's group as well if that is also ours. */
		if (is_passed(info.si_signo) && (info.si_signo != SIGCONT || tty < 0) &&
		    (info.si_code != SI_KERNEL || terminal))
			kill(below, info.si_signo);
	}
	cr_end_below();
	return guard_status_of(status);
}

/* ---- the shepherd ---- */

void cr_tell_stopped(struct cr_shepherd *sh)
{
	if (write(sh->report, "T", 1) < 0)
		return;
}

void cr_guarded_by_parent(struct cr_shepherd *sh)
{
	pid_t parent = getppid();

	cr_close_fd(&sh->guard);
	sh->guard = syscall(SYS_pidfd_open, parent, 0);
	/* Gone already: a descriptor that is readable at once. */
	if (getppid() != parent) {
		int p[2];

		cr_close_fd(&sh->guard);
		if (!pipe2(p, O_CLOEXEC)) {
			sh->guard = p[0];
			close(p[1]);
		}
	}
}

int cr_guard(struct cr_shepherd *sh, struct cr_err *err)
{
	pid_t outer = getpid(), guard, pid;
	sigset_t set, old;
	int report[2];

	if (pipe2(report, O_CLOEXEC))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "pipe");
	sigfillset(&set);
	sigdelset(&set, SIGTTIN);
	sigdelset(&set, SIGTTOU);
	sigprocmask(SIG_SETMASK, &set, &old);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	guard = fork();
	if (guard > 0) {
		close(report[1]);
		_exit(cr_outer(guard, -1, report[0], false));
	}
	if (!guard) {
		close(report[0]);
		cr_guard_begin();
		pid = fork();
		if (pid > 0)
			close(report[1]);
		if (pid > 0)
			_exit(cr_guard_keep(pid, outer));
		if (pid < 0)
			_exit(CR_EXIT_INTERNAL);
	} else {
		prctl(PR_SET_CHILD_SUBREAPER, 0);
		close(report[0]);
		close(report[1]);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (guard < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "fork");
	sh->report = report[1];
	cr_guarded_by_parent(sh);
	return 0;
}
