// SPDX-License-Identifier: Apache-2.0
/* pidfds of a zombie, and of processes that are gone and whose ids are free again. */
#include "prog.h"

#include <poll.h>

static int child(pid_t *pid, int status, unsigned int flags)
{
	int fd;

	*pid = prog_fork();
	if (!*pid)
		_exit(status);
	fd = syscall(SYS_pidfd_open, *pid, flags);
	CHECK(fd >= 0);
	return fd;
}

static void ended(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 10000), 1);
}

int main(int argc, char **argv)
{
	int zombie, gone, again, copy;
	pid_t pid, lost;
	siginfo_t info;

	prog_init(argc, argv);
	gone = child(&lost, 3, 0);
	again = syscall(SYS_pidfd_open, lost, O_NONBLOCK);
	CHECK(again >= 0);
	copy = dup(gone);
	CHECK_EQ(waitpid(lost, NULL, 0), lost);
	zombie = child(&pid, 7, 0);
	ended(zombie);
	prog_ready();
	prog_wait();
	ended(zombie);
	ended(gone);
	ended(again);
	ended(copy);
	CHECK(syscall(SYS_pidfd_send_signal, gone, SIGTERM, NULL, 0) == -1 && errno == ESRCH);
	CHECK(syscall(SYS_pidfd_send_signal, again, SIGTERM, NULL, 0) == -1 && errno == ESRCH);
	CHECK(waitid(P_PIDFD, gone, &info, WEXITED | WNOHANG) == -1 && errno == ECHILD);
	CHECK(!waitid(P_PIDFD, zombie, &info, WEXITED));
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 7);
	CHECK(syscall(SYS_pidfd_send_signal, zombie, SIGTERM, NULL, 0) == -1 && errno == ESRCH);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	prog_pass();
}
