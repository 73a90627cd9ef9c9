// SPDX-License-Identifier: Apache-2.0
//
// crctl attach: whether a process that runs can be a job. Its parent stays its parent: we learn of
// its end by a pidfd, and not how it ended.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "criu/criu_attach.h"
#include "criu/criu_backend.h"
#include "shepherd/shepherd.h"

static int no_process(long pid, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_NOT_FOUND, 0, "there is no process %ld", pid);
}

static bool same_namespace(pid_t pid, const char *which)
{
	char path[64];
	struct stat its, ours;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, which);
	if (stat(path, &its))
		return true;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", which);
	return !stat(path, &ours) && its.st_ino == ours.st_ino;
}

/* Whether a process is ours, or above us. */
static bool above_us(pid_t pid)
{
	struct cr_proc_status st;
	pid_t at;

	for (at = getpid(); at > 1 && at != pid; at = st.ppid)
		if (cr_proc_status(AT_FDCWD, at, &st))
			return false;
	return at == pid;
}

/* An abstract socket that lives as long as the shepherd says that a process is a job's. */
static int claim_process(pid_t pid)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	n = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "cairn-attached-%d", pid);
	if (fd >= 0 &&
	    bind(fd, (struct sockaddr *)&addr, offsetof(struct sockaddr_un, sun_path) + 1 + n)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* It, or one above it, is a job's. */
static bool criu_attach_is_of_job(pid_t pid, bool self)
{
	struct cr_proc_status st;
	int fd;

	for (; pid > 1 && !cr_proc_status(AT_FDCWD, pid, &st); pid = st.ppid, self = false) {
		if (!strcmp(st.name, "crlaunch") || !strcmp(st.name, "crrestart") ||
		    !strcmp(st.name, "cairn-init"))
			return true;
		/* The first claim is kept. */
		fd = claim_process(pid);
		if (fd < 0)
			return true;
		if (!self)
			close(fd);
	}
	return false;
}

/* A terminal of a session that will not be there at a restart, "" for none. */
static void find_terminal(pid_t pid, char *out)
{
	char name[16];
	int fd;

	*out = 0;
	if (getsid(pid) == pid)
		return;
	for (fd = 0; fd < 3; fd++) {
		snprintf(name, sizeof(name), "fd/%d", fd);
		if (!cr_proc_link(pid, name, out) &&
		    (!strncmp(out, "/dev/pts/", 9) || !strncmp(out, "/dev/tty", 8)))
			return;
		*out = 0;
	}
}

/* claim: it is to be this shepherd's from now on. */
static int criu_attach_refuse(pid_t pid, const struct cr_proc_status *st, bool claim,
			      struct cr_err *err)
{
	char text[CR_PATH_MAX];

	if (st->state == 'Z' || st->state == 'X')
		return no_process(pid, err);
	if (st->tgid != pid)
		return cr_fail(err, CR_EXIT_USAGE, 0, "%d is a thread of process %d: attach that",
			       pid, st->tgid);
	if (geteuid() && (st->uids[0] != geteuid() || st->uids[1] != geteuid()))
		return cr_fail(err, CR_EXIT_PERMISSION, 0,
			       "process %d is of user %u: only root may attach it", pid,
			       st->uids[0]);
	if (cr_proc_link(pid, "exe", text) == -ENOENT)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "process %d is a thread of the kernel",
			       pid);
	if (pid == 1 || above_us(pid))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d is above this crctl: it cannot stop itself", pid);
	if (st->tracer) {
		cr_proc_command(AT_FDCWD, st->tracer, text, 128);
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d is traced by process %d (%.100s), and CRIU needs to "
			       "trace it itself: end that first",
			       pid, st->tracer, text);
	}
	if (!same_namespace(pid, "pid") || !same_namespace(pid, "mnt"))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d is in namespaces of its own, as in a container: attach "
			       "that by its name (crctl attach --container)",
			       pid);
	/* CRIU restores sessions by their numbers. */
	if (!getsid(pid))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d belongs to a session from outside this pid namespace, "
			       "and CRIU could not bring that back; start it by setsid",
			       pid);
	find_terminal(pid, text);
	if (*text)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d uses %.100s, the terminal of another process's session: "
			       "CRIU could not bring that back; start it with input and output "
			       "redirected, or by setsid",
			       pid, text);
	if (criu_attach_is_of_job(pid, claim))
		return cr_fail(err, CR_EXIT_EXISTS, 0, "process %d is of a job already", pid);
	return 0;
}

int cr_criu_attachable(pid_t pid, struct cr_err *err)
{
	struct cr_proc_status st;
	int ret = cr_criu_probe(err);

	if (ret)
		return ret;
	return cr_proc_status(AT_FDCWD, pid, &st) ? no_process(pid, err) :
						    criu_attach_refuse(pid, &st, false, err);
}

int cr_criu_attach(struct cr_shepherd *sh, const char *what, struct cr_err *err)
{
	struct cr_proc_status st;
	long pid = atol(what);
	int ret;

	if (pid <= 0 || pid > 1 << 30 || cr_proc_status(AT_FDCWD, pid, &st))
		return no_process(pid, err);
	/* What is found out is of the process that this stands for, if it lives at the end. */
	sh->root_fd = syscall(SYS_pidfd_open, pid, 0);
	ret = criu_attach_refuse(pid, &st, true, err);
	if (ret)
		return ret;
	if (sh->root_fd < 0 || syscall(SYS_pidfd_send_signal, sh->root_fd, 0, NULL, 0))
		return no_process(pid, err);
	sh->root = pid;
	cr_proc_command(AT_FDCWD, pid, sh->command, sizeof(sh->command));
	return 0;
}
