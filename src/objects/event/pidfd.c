// SPDX-License-Identifier: Apache-2.0
//
// pidfd: of a process of the job, alive or a zombie, of the shepherd, or of a process that is gone.
// Opened when all processes exist. One that is gone is stood in for by a process that ends as it
// did, and that goes as well before the job runs.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/proc.h"
#include "objects/core/fdinfo.h"
#include "objects/core/index.h"
#include "objects/shape/shape.h"

/* struct pidfd_info of Linux 6.15, as far as we want it. */
struct info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};

#define GET_INFO _IOWR(0xff, 11, struct info)
#define INFO_EXIT (1u << 3)

/* At a restart: who stands in for the process behind a pidfd of this inode. */
struct ghost {
	uint64_t inode;
	pid_t pid;
};

typedef CR_LIST(struct ghost) ghosts;

static bool pidfd_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return !strcmp(v->link, "anon_inode:[pidfd]") || !strncmp(v->link, "pidfd:", 6);
}

static bool pidfd_of_job(pid_t pid)
{
	struct cr_proc_stat st;
	int depth;

	for (depth = 0; depth < 10000 && pid > 1; depth++) {
		if (pid == getpid())
			return true;
		if (cr_proc_stat(AT_FDCWD, pid, &st))
			return false;
		pid = st.ppid;
	}
	return false;
}

static int pidfd_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		      struct cr_err *err)
{
	struct info info = { .mask = INFO_EXIT };
	cr_auto_free char *text = NULL;
	struct cr_proc_status st;
	uint64_t pid;

	if (cr_fdinfo(v->fd, &text) || !cr_fdinfo_number(text, "Pid:", 10, &pid))
		return cr_fdinfo_fail(v, "pidfd", err);
	d->has_event = true;
	d->event.pid = pid;
	if (d->event.pid == -1) {
		if (!ioctl(v->fd, GET_INFO, &info) && info.mask & INFO_EXIT)
			d->event.exit_code = info.exit_code;
		return 0;
	}
	if (d->event.pid <= 0 || !pidfd_of_job(d->event.pid))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a pidfd (fd %d) of process %d, which is not of the "
			       "job: close it or run the checkpoint when it is closed; the job "
			       "goes on",
			       v->pid, v->number, d->event.pid);
	if (!cr_proc_status(AT_FDCWD, d->event.pid, &st) && st.tgid != d->event.pid)
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"process %d has a pidfd (fd %d) of thread %d, which cannot be saved: "
			"close it or run the checkpoint when it is closed; the job goes on",
			v->pid, v->number, d->event.pid);
	return 0;
}

/* ---- restore ---- */

static bool pidfd_taken(const struct cr_image *img, pid_t id)
{
	const cairn_Job *j = &img->job;
	size_t i, k;

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];

		if (p->process.pid == id || p->process.pgid == id || p->process.sid == id)
			return true;
		for (k = 0; k < p->threads.n; k++)
			if (p->threads.v[k].tid == id)
				return true;
	}
	return id == j->shepherd_pid || id == j->shepherd_pgid || id == j->shepherd_sid;
}

static void end_like(int status)
{
	struct rlimit none = { 0, 0 };
	int sig = status & 0x7f;
	sigset_t set;

	if (sig) {
		setrlimit(RLIMIT_CORE, &none);
		signal(sig, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, sig);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		kill(getpid(), sig);
	}
	_exit(status >> 8 & 0xff);
}

/* A process with an id that nobody will want, where ids are ours to give. */
static pid_t pidfd_make_ghost(const struct cr_restore *r, int status)
{
	/* The uppermost ones are the restart's own helpers'. */
	size_t skip = 2 * r->img->processes.n + 16;
	pid_t id = 32000, pid;
	struct clone_args c = { .exit_signal = SIGCHLD,
				.set_tid = (uintptr_t)&id,
				.set_tid_size = 1 };

	for (pid = -1; id > 300 && !r->virtual_ids; id--) {
		if (pidfd_taken(r->img, id) || skip-- > 0)
			continue;
		pid = syscall(SYS_clone3, &c, sizeof(c));
		if (!pid)
			end_like(status);
		if (pid > 0 || errno != EEXIST)
			break;
		skip = 0;
	}
	if (pid < 0 && !(pid = fork()))
		end_like(status);
	return pid;
}

static pid_t ghost(struct cr_restore *r, const cairn_Description *d)
{
	void **state = &r->state[cairn_ObjectKind_OBJECT_PIDFD];
	ghosts *all = *state ? *state : (*state = calloc(1, sizeof(*all)));
	struct ghost *g;
	siginfo_t info;
	size_t i;

	for (i = 0; all && i < all->n; i++)
		if (all->v[i].inode == d->inode)
			return all->v[i].pid;
	g = all ? cr_list_add(all) : NULL;
	if (!g)
		return -1;
	g->inode = d->inode;
	g->pid = pidfd_make_ghost(r, d->event.exit_code);
	if (g->pid > 0)
		waitid(P_PID, g->pid, &info, WEXITED | WNOWAIT);
	return g->pid;
}

static void pidfd_free_restore(struct cr_restore *r)
{
	ghosts *all = r->state[cairn_ObjectKind_OBJECT_PIDFD];
	size_t i;

	for (i = 0; all && i < all->n; i++)
		if (all->v[i].pid > 0)
			waitpid(all->v[i].pid, NULL, 0);
	if (all)
		free(all->v);
	free(all);
	r->state[cairn_ObjectKind_OBJECT_PIDFD] = NULL;
}

static int pidfd_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	pid_t pid = d->event.pid == -1 ? ghost(r, d) : cr_restored_pid(r, d->event.pid);
	int fd;

	/* O_EXCL: by thread, which makes a difference to signals. */
	fd = pid > 0 ? syscall(SYS_pidfd_open, pid, d->flags & O_EXCL) : -1;
	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open a pidfd of process %d",
			       d->event.pid);
	return cr_restored_anon(fd, d, "a pidfd", err);
}

const struct cr_object cr_object_pidfd = {
	.shape = &cr_shape_pidfd,
	.when = CR_LATE,
	.match = pidfd_match,
	.save = pidfd_save,
	.restore = pidfd_restore,
	.free_restore = pidfd_free_restore,
};
