// SPDX-License-Identifier: Apache-2.0
//
// What went wrong in a process of the restart, for the one message that the user gets: what it
// said itself, the restorer's row that failed, or where it was when it died without a word.
// Runs in: the shepherd; cr_restart_die() and the notes of progress in every process.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/image.h"
#include "common/proc.h"
#include "restart/births.h"
#include "restart/failure.h"
#include "restart/restart_ids.h"
#include "restart/restart.h"

static const char *const labels[CR_LABELS] = {
	"its place in the tree", "its address space", "its memory",
	"the vdso",		 "the places of heap, stack and arguments",
	"signal actions",	 "its threads",	      "its timers",
	"scheduling",		 "credentials",	      "its descriptors",
	"its attributes",
};

struct cr_progress *cr_progress_of(const struct cr_restart *r, const struct cr_process_image *p)
{
	return &r->progress[p - r->img.processes.v];
}

void cr_progress_made(const struct cr_restart *r, const struct cr_process_image *p)
{
	uint32_t none = CR_STATE_NONE;

	/* Its maker and itself say so: either may be killed before it can. */
	__atomic_compare_exchange_n(&cr_progress_of(r, p)->state, &none, CR_STATE_MADE, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void cr_progress_over(const struct cr_restart *r, const struct cr_process_image *p)
{
	__atomic_store_n(&cr_progress_of(r, p)->state, CR_STATE_OVER, __ATOMIC_SEQ_CST);
}

void cr_restart_note(struct cr_restart *r, pid_t pid, const struct cr_err *err)
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
}

void cr_restart_die(struct cr_restart *r, pid_t pid, const struct cr_err *err)
{
	cr_restart_note(r, pid, err);
	_exit(1);
}

int cr_restart_killed(struct cr_err *err, const char *what, pid_t pid, int sig)
{
	return cr_fail(err, CR_EXIT_INTERNAL, 0, "%s %d, was killed by signal %d (%s%s)", what, pid,
		       sig, strsignal(sig), sig == SIGKILL ? "; out of memory?" : "");
}

int cr_restart_failure(struct cr_restart *r, struct cr_err *err)
{
	const struct cr_restart_page *page = r->page;

	while (__atomic_load_n(&page->failed, __ATOMIC_SEQ_CST) == 1)
		usleep(100);
	if (page->status > 0)
		return cr_fail(err, page->status, 0, "%s", page->text);
	return cr_fail(err, CR_EXIT_INTERNAL, page->error,
		       "process %d: cannot restore %s (row %u, system call %u, at %llx)", page->pid,
		       labels[(-1 - page->status) % CR_LABELS], page->row, page->nr,
		       (unsigned long long)page->at);
}

/* How it ended, if anybody can still tell: -1 if not. */
static int end_of(pid_t pid, const struct cr_proc_stat *st)
{
	siginfo_t info = { 0 };

	if (!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) && info.si_pid == pid)
		return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
	return st->state == 'Z' ? st->exit_code : -1;
}

static int tell_dead(const struct cr_process_image *p, const struct cr_progress *at, int status,
		     struct cr_err *err)
{
	char where[96], how[96] = "ended";
	int sig = status < 0 ? 0 : status & 0x7f;

	if (sig)
		snprintf(how, sizeof(how), "was killed by signal %d (%s%s)", sig, strsignal(sig),
			 sig == SIGKILL ? "; out of memory?" : "");
	else if (status > 0)
		snprintf(how, sizeof(how), "ended with status %d", status >> 8);
	if (at->state == CR_STATE_RESTORER)
		snprintf(where, sizeof(where), " (row %u, system call %u)", at->row, at->nr);
	else
		where[0] = 0;
	return cr_fail(err, CR_EXIT_INTERNAL, 0, "process %d (%.15s) %s while %s was restored%s",
		       p->process.pid, p->process.comm, how, labels[at->label % CR_LABELS], where);
}

/*
 * Someone who ended without a word, such as by the kernel's hand. Once the job runs its own
 * processes may kill one that is a little later than they, and its parent may have seen it.
 */
static int look_for_dead(struct cr_restart *r, bool running, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];
		const struct cr_progress *at = cr_progress_of(r, p);
		uint32_t state = __atomic_load_n(&at->state, __ATOMIC_SEQ_CST);
		pid_t pid = cr_real(r, p->process.pid);
		struct cr_proc_stat st = { 0 };
		int status;

		if (state == CR_STATE_NONE || state == CR_STATE_OVER ||
		    (!cr_proc_stat(AT_FDCWD, pid, &st) && !cr_proc_ended(&st)))
			continue;
		/* It may have spoken, or gone on, just before. */
		if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST))
			return cr_restart_failure(r, err);
		if (__atomic_load_n(&at->state, __ATOMIC_SEQ_CST) == CR_STATE_OVER)
			continue;
		status = end_of(pid, &st);
		if (!running || (status > 0 && (status & 0x7f) != SIGKILL))
			return tell_dead(p, at, status, err);
		cr_progress_over(r, p);
	}
	return 0;
}

/* Those who begin sessions that have no leader any more. */
static int look_for_dead_founders(struct cr_restart *r, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->births.founders.n; i++) {
		pid_t pid = cr_real(r, r->births.founders.v[i].session);
		siginfo_t info = { 0 };

		if (r->births.founders.v[i].place == CR_BY_SHEPHERD &&
		    !waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid &&
		    info.si_code != CLD_EXITED)
			return cr_restart_killed(err, "a helper for sessions,", pid,
						 info.si_status);
	}
	return 0;
}

/* Sleeps until the word changes; now and then it looks who has died. */
static int sleep_on(struct cr_restart *r, uint32_t *word, uint32_t now, bool running,
		    struct cr_err *err)
{
	struct timespec tick = { 0, 50000000 };
	int ret;

	if (__atomic_load_n(&r->page->failed, __ATOMIC_SEQ_CST))
		return cr_restart_failure(r, err);
	if (!syscall(SYS_futex, word, FUTEX_WAIT, now, &tick) || errno == EAGAIN)
		return 0;
	ret = look_for_dead(r, running, err);
	return ret || running ? ret : look_for_dead_founders(r, err);
}

int cr_restart_await(struct cr_restart *r, enum cr_rendezvous stage, struct cr_err *err)
{
	uint32_t have, *arrived = &r->page->arrived[stage];
	int ret = 0;

	while (!ret && (have = __atomic_load_n(arrived, __ATOMIC_SEQ_CST)) < r->page->wanted[stage])
		ret = sleep_on(r, arrived, have, false, err);
	return ret;
}

static bool all_over(const struct cr_restart *r)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++)
		if (__atomic_load_n(&r->progress[i].state, __ATOMIC_SEQ_CST) != CR_STATE_OVER)
			return false;
	return true;
}

int cr_restart_await_over(struct cr_restart *r, struct cr_err *err)
{
	uint32_t now;
	int ret = 0;

	do
		now = __atomic_load_n(&r->page->resumed, __ATOMIC_SEQ_CST);
	while (!all_over(r) && !(ret = sleep_on(r, &r->page->resumed, now, true, err)));
	return ret;
}
