// SPDX-License-Identifier: Apache-2.0
//
// The guard of a shepherd. See guard.h. Passes signals on, follows job control, and knows nothing
// else. Whoever loses its parent in the job comes to the shepherd, and when that is gone, here.
#include "shepherd/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shepherd/shepherd.h"

static int watch(struct cr_shepherd *sh, pid_t shepherd, const sigset_t *set)
{
	siginfo_t info;
	int status;
	pid_t pid;

	for (;;) {
		if (sigwaitinfo(set, &info) < 0)
			continue;
		/* From the terminal it went to the whole group. */
		if (info.si_signo != SIGCHLD) {
			if (info.si_code != SI_KERNEL)
				kill(shepherd, info.si_signo);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
			if (pid != shepherd)
				continue;
			if (WIFSTOPPED(status)) {
				raise(SIGSTOP);
				kill(shepherd, SIGCONT);
				continue;
			}
			cr_kill_job(sh);
			if (sh->attached)
				sh->backend->kill(sh);
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		}
	}
}

int cr_guard(struct cr_shepherd *sh, struct cr_err *err)
{
	sigset_t set, old;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigfillset(&set);
	sigdelset(&set, SIGTTIN);
	sigdelset(&set, SIGTTOU);
	sigprocmask(SIG_SETMASK, &set, &old);
	pid = fork();
	if (pid > 0)
		_exit(watch(sh, pid, &set));
	sigprocmask(SIG_SETMASK, &old, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	return pid < 0 ? cr_fail(err, CR_EXIT_INTERNAL, errno, "fork") : 0;
}
