// SPDX-License-Identifier: Apache-2.0
/* pidfds of living processes: of a child, the parent, itself, and one that two processes share. */
#include "prog.h"

#include <poll.h>

#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static int open_pid(pid_t pid, unsigned int flags)
{
	return syscall(SYS_pidfd_open, pid, flags);
}

static bool ended(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

int main(int argc, char **argv)
{
	int child, self, thread, second, parent;
	siginfo_t info;
	pid_t pid, other;

	prog_init(argc, argv);
	parent = open_pid(getpid(), 0);
	CHECK(parent >= 0);
	pid = prog_fork();
	if (!pid) {
		prog_await("go");
		CHECK(!ended(parent));
		CHECK(!syscall(SYS_pidfd_send_signal, parent, 0, NULL, 0));
		_exit(5);
	}
	other = prog_fork();
	if (!other)
		for (;;)
			pause();
	child = open_pid(pid, 0);
	second = open_pid(other, PIDFD_NONBLOCK);
	self = open_pid(getpid(), 0);
	thread = open_pid(getpid(), PIDFD_THREAD);
	CHECK(child >= 0 && self >= 0 && second >= 0 && (thread >= 0 || errno == EINVAL));
	prog_ready();
	prog_wait();
	CHECK(fcntl(second, F_GETFL) & O_NONBLOCK && fcntl(child, F_GETFD) & FD_CLOEXEC);
	CHECK(waitid(P_PIDFD, second, &info, WEXITED) == -1 && errno == EAGAIN);
	CHECK(!ended(child) && !ended(second));
	prog_mark("go");
	CHECK(!waitid(P_PIDFD, child, &info, WEXITED));
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 5);
	CHECK(!syscall(SYS_pidfd_send_signal, second, SIGKILL, NULL, 0));
	while (!ended(second))
		prog_nap();
	CHECK(!waitid(P_PIDFD, second, &info, WEXITED));
	CHECK_EQ(info.si_status, SIGKILL);
	prog_pass();
}
