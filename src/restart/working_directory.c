// SPDX-License-Identifier: Apache-2.0
//
// Working and root directories. One in /proc of a process that had ended is that of a stand-in,
// which ends when we are there: it cannot be entered later, and looks as it did.
// Runs in: a process of the restart.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/reach.h"
#include "restart/working_directory.h"
#include "restart/restart_ids.h"
#include "restart/restart_pids.h"
#include "restart/plan.h"
#include "restart/restart.h"

/* No signal tells of its end: that would wait for the application. */
static pid_t make_stand_in(struct cr_restart *r, const struct cr_process_image *p)
{
	pid_t id = cr_spare_id(r, p - r->img.processes.v);
	pid_t pid = r->objects.virtual_ids ? syscall(SYS_clone, 0, NULL, NULL, NULL, NULL) :
					     cr_clone_as(r, id, 0, 0);

	while (!pid)
		pause();
	return pid;
}

static int enter_process(struct cr_restart *r, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	bool there = !m->cwd_deleted;
	pid_t pid = cr_proc_pid(&r->objects, m->cwd, &there);
	char path[CR_PATH_MAX + 32];
	int ret, error;

	if (!there)
		pid = make_stand_in(r, p);
	if (pid < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d%s", pid, cr_proc_rest(m->cwd));
	ret = chdir(path);
	error = errno;
	if (!there) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	errno = error;
	return ret;
}

static int working_directory_enter(struct cr_restart *r, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	cr_auto_fd fd = -1;
	int i;

	if (cr_proc_rest(m->cwd))
		return enter_process(r, p);
	if (cr_is_kernels(m->cwd))
		return chdir(m->cwd);
	i = m->cwd_deleted ? cr_inode_index(&r->img, m->cwd_dev, m->cwd_inode) : -1;
	if (i >= 0)
		return fchdir(r->objects.inode_fd[i]);
	fd = cr_reach_open(m->cwd, O_PATH | O_DIRECTORY, S_IFDIR);
	return fd < 0 ? -1 : fchdir(fd);
}

int cr_set_directory(struct cr_restart *r, const struct cr_process_image *p, struct cr_err *err)
{
	const cairn_Process *m = &p->process;

	if (!working_directory_enter(r, p))
		return 0;
	if (cr_reach_hint(errno)[0])
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the working directory %s of process %d cannot be entered%s", m->cwd,
			       m->pid, cr_reach_hint(errno));
	return cr_fail(err, CR_EXIT_CHANGED, errno,
		       "the working directory %s of process %d is missing", m->cwd, m->pid);
}

int cr_set_root(const struct cr_restart *r, const cairn_Process *m, struct cr_err *err)
{
	cr_auto_fd fd = -1;

	if (!m->root[0] || !strcmp(m->root, "/"))
		return 0;
	fd = cr_is_kernels(m->root) ? open(m->root, O_PATH | O_DIRECTORY | O_CLOEXEC) :
				      cr_reach_open(m->root, O_PATH | O_DIRECTORY, S_IFDIR);
	if (fd >= 0 && !chroot(cr_fd_path(fd).text))
		return 0;
	return cr_fail(err, errno == EPERM ? CR_EXIT_NAMESPACE : CR_EXIT_CHANGED, errno,
		       "process %d cannot have its root directory %s%s", m->pid, m->root,
		       r->objects.virtual_ids ? " (without namespaces only root can)" : "");
}
