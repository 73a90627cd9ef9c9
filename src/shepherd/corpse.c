// SPDX-License-Identifier: Apache-2.0
//
// Processes that die while a checkpoint is made of them. What is committed must be a job that goes
// on, and a crash may be the checkpoint's doing: so it is given up, and the last good one stays.
// Runs in the shepherd. Who ends after the job goes on is no corpse, nor who is ended by a signal
// that others send: the state before is a good one then.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "shepherd/corpse.h"
#include "shepherd/deaths.h"
#include "shepherd/shepherd.h"

static int corpse_tell(struct cr_checkpoint *c, pid_t pid, const char *command, int status,
		       const char *when)
{
	char how[64] = "";

	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), ", by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (status)
		snprintf(how, sizeof(how), ", with status %d", WEXITSTATUS(status));
	return cr_fail(&c->err, CR_EXIT_INTERNAL, 0,
		       "process %d (%s) has died %s%s: no checkpoint is made of it, the last one "
		       "stays",
		       pid, command, when, how);
}

/* Of one that its parent has not reaped yet: as wait(2) has it. */
static bool is_zombie(pid_t pid, int *status, char *command, size_t len)
{
	struct cr_proc_stat st;

	*status = 0;
	if (cr_proc_stat(AT_FDCWD, pid, &st))
		return false;
	snprintf(command, len, "%s", st.comm);
	*status = st.exit_code;
	return cr_proc_ended(&st);
}

int cr_died_when_called(struct cr_checkpoint *c, const struct cr_process *m)
{
	char command[32] = "?";
	int status;

	if (!m->called_ns || !is_zombie(m->pid, &status, command, sizeof(command)) ||
	    !WIFSIGNALED(status) || WTERMSIG(status) == SIGKILL)
		return 0;
	return corpse_tell(c, m->pid, command, status, "as its agent was called");
}

/* Whoever stands still has a connection, and says nothing unasked. */
static bool hung_up(const struct cr_process *m)
{
	struct pollfd p = { m->sock, POLLIN, 0 };

	return m->sock >= 0 && poll(&p, 1, 0) == 1;
}

int cr_check_alive(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;

	for (i = 0; i < c->processes.n; i++) {
		const struct cr_process *m = c->processes.v[i];
		char command[32] = "?";
		int status;
		bool zombie;

		if (m->writer < 0 || m->left_out)
			continue;
		zombie = is_zombie(m->pid, &status, command, sizeof(command));
		if (m->state == CR_PROCESS_GONE || hung_up(m))
			return corpse_tell(c, m->pid, command, zombie ? status : 0,
					   "while it stood still");
		if (zombie && cr_crashed(status))
			return corpse_tell(c, m->pid, command, status, "before this was written");
	}
	if (sh->root_status > 0 && cr_crashed(sh->root_status))
		return corpse_tell(c, sh->root, "the job's first", sh->root_status,
				   "before this was written");
	return 0;
}
