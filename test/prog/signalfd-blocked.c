// SPDX-License-Identifier: Apache-2.0
/* A thread that waits in a signalfd, made by its parent before a fork, gets its own signals. */
#include "prog.h"

#include <sys/signalfd.h>

int main(int argc, char **argv)
{
	struct signalfd_siginfo si;
	sigset_t set;
	pid_t pid;
	int fd;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, 0);
	CHECK(fd >= 0);
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(read(fd, &si, sizeof(si)), sizeof(si));
		CHECK_EQ(si.ssi_signo, SIGUSR1);
		CHECK_EQ(si.ssi_pid, getppid());
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(!kill(pid, SIGUSR1));
	prog_reap(pid);
	prog_pass();
}
