// SPDX-License-Identifier: Apache-2.0
//
// A look from outside at processes without an agent, and at this host. It sees less than a stopped
// job shows: kinds of descriptors, not what they hold. Hosted code; only reads.
#include "tools/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/elf_id.h"
#include "criu/criu_attach.h"
#include "criu/choose.h"
#include "objects/core/save.h"
#include "objects/kinds.h"
#include "shepherd/pids.h"
#include "shepherd/shepherd.h"
#include "tools/backends.h"

void cr_finding(cr_findings *to, bool prevents, const char *format, ...)
{
	struct cr_remark *r = cr_list_add(to);
	va_list args;

	if (!r)
		return;
	r->prevents = prevents;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

static bool has_agent(pid_t pid)
{
	struct cr_maps maps;
	bool found = false;
	size_t i;

	if (cr_proc_maps(pid, false, &maps))
		return false;
	for (i = 0; i < maps.n && !found; i++)
		found = strstr(maps.v[i].path, "/libcairn.so");
	cr_maps_free(&maps);
	return found;
}

/* A process that runs without an agent can be a job all the same, if CRIU takes it and its tree. */
static void look_at_attach(pid_t pid, const char *name, cr_findings *to)
{
	struct cr_err err = { 0 };

	if (!cr_criu_attachable(pid, &err))
		cr_finding(to, false,
			   "process %d (%s) runs without an agent: crctl attach %d makes it a job, "
			   "which CRIU saves",
			   pid, name, pid);
	else if (err.status == CR_EXIT_EXISTS)
		cr_finding(to, false, "%s: crctl check JOB tells what is to be said of it",
			   err.text);
	else
		cr_finding(to, true,
			   "process %d (%s) runs without an agent: start it with crlaunch, since "
			   "crctl attach refuses it: %s",
			   pid, name, err.text);
}

static void look_at_program(pid_t pid, const char *name, cr_findings *to)
{
	char path[64];
	struct cr_elf_info elf;
	cr_auto_fd fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !cr_elf_read(fd, &elf) && elf.elf && !elf.interpreter)
		cr_finding(to, true,
			   "process %d (%s) runs a static program, into which the agent cannot be "
			   "loaded: use a dynamically linked one",
			   pid, name);
	else if (!has_agent(pid))
		cr_finding(to, true,
			   "process %d (%s) runs without an agent, which cannot be put into a "
			   "running process: start it with crlaunch",
			   pid, name);
}

static void look_at_state(pid_t pid, const struct cr_proc_status *st, cr_findings *to)
{
	char own[CR_PATH_MAX], its[CR_PATH_MAX];

	if (st->state == 't')
		cr_finding(to, true, "process %d (%s) is being traced: end its debugger", pid,
			   st->name);
	if (!cr_proc_link(getpid(), "ns/mnt", own) && !cr_proc_link(pid, "ns/mnt", its) &&
	    strcmp(own, its))
		cr_finding(to, true,
			   "process %d (%s) has its own mount namespace: run crlaunch and crctl "
			   "inside it",
			   pid, st->name);
}

static void look_at_fd(struct cr_save *s, int pidfd, pid_t pid, int number, unsigned int tty,
		       cr_findings *to)
{
	struct cr_fd_view v;
	struct cr_err err = { 0 };
	int fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (fd < 0)
		return;
	/* Its terminal would be the job's. */
	if (!cr_fd_view_read(&v, fd, pid, number) && !(tty && v.st.st_rdev == tty) &&
	    !cr_object_for(s, &v)) {
		cr_refuse(&v, &err);
		cr_finding(to, true, "%s", err.text);
	}
	close(fd);
}

static int look_at_fds(struct cr_save *s, pid_t pid, unsigned int tty, cr_findings *to,
		       struct cr_err *err)
{
	cr_auto_fd pidfd = syscall(SYS_pidfd_open, pid, 0);
	cr_auto_dir *dir = cr_proc_dir(AT_FDCWD, pid, "fd");
	int number;

	if (!dir || pidfd < 0)
		return cr_fail(err, CR_EXIT_PERMISSION, errno,
			       "cannot look at the descriptors of process %d (is it yours?)", pid);
	while ((number = cr_next_number(dir)) >= 0)
		look_at_fd(s, pidfd, pid, number, tty, to);
	return 0;
}

int cr_look(pid_t pid, cr_findings *to, struct cr_err *err)
{
	struct cr_outside outside = { 0 };
	struct cr_save s = { .kinds = cr_kinds, .outside = &outside };
	cr_pids pids = { 0 };
	pid_t *first = cr_list_add(&pids);
	size_t i;
	int ret = 0;
	struct cr_proc_status top;

	if (!first)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "looking at process %d", pid);
	*first = pid;
	if (!cr_proc_status(AT_FDCWD, pid, &top) && top.state != 'Z' && !has_agent(pid)) {
		look_at_attach(pid, top.name, to);
		free(pids.v);
		return 0;
	}
	cr_job_pids(AT_FDCWD, pid, &pids);
	for (i = 0; i < pids.n && !ret; i++) {
		struct cr_proc_status st;
		struct cr_proc_stat stat;

		if (cr_proc_status(AT_FDCWD, pids.v[i], &st) ||
		    cr_proc_stat(AT_FDCWD, pids.v[i], &stat)) {
			if (!i)
				ret = cr_fail(err, CR_EXIT_NOT_FOUND, 0,
					      "there is no process %d, nor a job of that name",
					      pid);
			continue;
		}
		if (cr_proc_ended(&stat) || pids.v[i] == getpid())
			continue;
		look_at_program(pids.v[i], st.name, to);
		look_at_state(pids.v[i], &st, to);
		ret = look_at_fds(&s, pids.v[i], stat.tty_nr, to, err);
	}
	free(pids.v);
	return ret;
}

int cr_look_at_command(const char *command, cr_findings *to, struct cr_err *err)
{
	struct cr_choice choice;
	struct cr_err why = { 0 };
	int ret = cr_choose(command, &choice, err);

	if (ret || choice.backend == CR_BACKEND_AGENT)
		return ret;
	if (!cr_backend_of(choice.backend)->probe(&why))
		cr_finding(to, false, "%s: crlaunch takes the backend %s", choice.why,
			   cr_backend_word(choice.backend));
	else
		cr_finding(to, true, "%s, and %s", choice.why, why.text);
	return 0;
}

/* What ids cannot be translated in, or for: crrestart(1), Virtual ids. */
static const char *const virtual_limits[] = {
	"this host allows no namespaces: a restart here gives new ids and translates them in "
	"libc's functions (crrestart --ids=virtual)",
	"with virtual ids, static programs, and system calls that go around libc, see the new ids: "
	"let them run where namespaces are allowed",
	"with virtual ids, SysV objects and POSIX message queues are the host's: those that a "
	"killed job has left with the same key or name are replaced",
	"with virtual ids, names of folders in /proc, and the device number of a pseudo terminal, "
	"are the new ones",
};

void cr_look_at_host(cr_findings *to)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWTIME, status = 1;
	pid_t pid = fork();
	size_t i;

	if (!pid)
		_exit((geteuid() || unshare(flags)) && unshare(CLONE_NEWUSER | flags));
	if (pid > 0)
		waitpid(pid, &status, 0);
	for (i = 0; status && i < CR_ARRAY_SIZE(virtual_limits); i++)
		cr_finding(to, false, "%s", virtual_limits[i]);
}
