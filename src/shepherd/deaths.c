// SPDX-License-Identifier: Apache-2.0
//
// Processes of the job that die by a signal. What is saved afterwards lacks them, so what was saved
// before stays, whatever becomes of the job, and its user is told. Of its own children the shepherd
// hears by wait; of all that a checkpoint has seen, by a pidfd. How those ended the kernel tells
// since Linux 6.15; before, only if their parent has not waited for them yet: then nobody is told.
// SIGPIPE is how the writing side of a pipeline ends.
// Runs in the shepherd's loop.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shepherd/deaths.h"
#include "shepherd/shepherd.h"

#define TELL_US 300000 /* until then the rest of the job may have ended as well */

/* linux/pidfd.h of 6.15 */
struct info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};

#define GET_INFO _IOWR(0xff, 11, struct info)
#define INFO_EXIT (1u << 3)

struct cr_watched {
	struct cr_watched *next;
	struct cr_shepherd *sh;
	pid_t pid;
	int fd;
	struct event *event;
	char name[16];
};

/* The job is not merely ending. */
static void deaths_tell(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;

	if (sh->ended || sh->ending)
		return;
	cr_say("%s", sh->failure);
	if (sh->options.job.policy.stop_on_failure && !sh->cluster.active) {
		cr_say("ending the job %s (--on-failure stop)", sh->name);
		sh->exit_status = 128 + sh->failed_by;
		cr_end_job(sh);
	}
}

bool cr_crashed(int status)
{
	/* Of these nobody but the kernel and the program itself sends any. */
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL,	SIGFPE, SIGABRT,
				      SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(faults); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == faults[i])
			return true;
	return false;
}

void cr_death_tell(const struct cr_shepherd *sh)
{
	if (sh->exit_status < 0 && sh->root_status > 0 && cr_crashed(sh->root_status))
		cr_say("the job %s died by SIG%s", sh->name,
		       sigabbrev_np(WTERMSIG(sh->root_status)));
}

void cr_death(struct cr_shepherd *sh, pid_t pid, const char *name, int status)
{
	const struct timeval soon = { 0, TELL_US };
	int sig = WTERMSIG(status), n;
	const char *abbreviation = sigabbrev_np(sig);

	/* Of several the first is the cause, and from then on checkpoints lack something. */
	if (!WIFSIGNALED(status) || sig == SIGPIPE || sh->ending || *sh->failure)
		return;
	if (sh->virtual_ids)
		pid = cr_id_virtual(sh->ids, CR_ID_PROCESS, pid);
	sh->failed_by = sig;
	sh->pinned = sh->last_number;
	n = snprintf(sh->failure, sizeof(sh->failure), "process %d%s%s%s of the job died by ", pid,
		     *name ? " (" : "", name, *name ? ")" : "");
	n += abbreviation ?
		     snprintf(sh->failure + n, sizeof(sh->failure) - n, "SIG%s", abbreviation) :
		     snprintf(sh->failure + n, sizeof(sh->failure) - n, "signal %d", sig);
	if (sh->pinned && !sh->cluster.active)
		snprintf(sh->failure + n, sizeof(sh->failure) - n,
			 ": checkpoints up to %06u are from before and are kept", sh->pinned);
	event_base_once(sh->base, -1, EV_TIMEOUT, deaths_tell, sh, &soon);
}

/* How it has ended, -1 if nobody knows. */
static int deaths_status_of(const struct cr_watched *w)
{
	struct info info = { .mask = INFO_EXIT };
	struct cr_proc_stat st;

	if (!cr_proc_stat(AT_FDCWD, w->pid, &st) && st.state == 'Z')
		return st.exit_code;
	if (!ioctl(w->fd, GET_INFO, &info) && info.mask & INFO_EXIT)
		return info.exit_code;
	return -1;
}

static void on_death(int fd, short what, void *arg)
{
	struct cr_watched *w = arg, **p = &w->sh->watched;
	int status = deaths_status_of(w);

	/* Our own children's we are told by wait. */
	if (status >= 0)
		cr_death(w->sh, w->pid, w->name, status);
	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	event_free(w->event);
	close(w->fd);
	free(w);
}

static bool is_watched(const struct cr_shepherd *sh, pid_t pid)
{
	const struct cr_watched *w;

	for (w = sh->watched; w; w = w->next)
		if (w->pid == pid)
			return true;
	return false;
}

static void deaths_watch(struct cr_shepherd *sh, pid_t pid)
{
	struct cr_watched *w = calloc(1, sizeof(*w));
	struct cr_proc_stat st;

	if (!w)
		return;
	w->fd = syscall(SYS_pidfd_open, pid, 0);
	w->event = w->fd < 0 ? NULL : event_new(sh->base, w->fd, EV_READ, on_death, w);
	if (!w->event || cr_proc_stat(AT_FDCWD, pid, &st)) {
		if (w->event)
			event_free(w->event);
		cr_close_fd(&w->fd);
		free(w);
		return;
	}
	w->sh = sh;
	w->pid = pid;
	memcpy(w->name, st.comm, sizeof(w->name));
	w->next = sh->watched;
	sh->watched = w;
	event_add(w->event, NULL);
}

void cr_deaths_watch(struct cr_shepherd *sh, const struct cr_checkpoint *c)
{
	size_t i;

	for (i = 0; i < c->processes.n && !*sh->failure; i++) {
		const struct cr_process *m = c->processes.v[i];
		struct cr_proc_stat st;

		if (m->state == CR_PROCESS_ZOMBIE && !cr_proc_stat(AT_FDCWD, m->pid, &st))
			cr_death(sh, m->pid, st.comm, st.exit_code);
		else if (m->state == CR_PROCESS_STOPPED && m->pid != sh->root &&
			 !is_watched(sh, m->pid))
			deaths_watch(sh, m->pid);
	}
}

void cr_end_job(struct cr_shepherd *sh)
{
	sh->ending = true;
	sh->backend->kill(sh);
}
