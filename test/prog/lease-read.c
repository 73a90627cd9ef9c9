// SPDX-License-Identifier: Apache-2.0
/* A read lease is still held; who opens the file for writing breaks it. */
#include "prog.h"

static volatile sig_atomic_t signals, number;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	signals++;
	number = info->si_fd;
}

static void catch(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	CHECK(!sigaction(sig, &sa, NULL));
}

int main(int argc, char **argv)
{
	int fd, status;
	pid_t pid;

	prog_init(argc, argv);
	catch(SIGRTMIN + 3);
	fd = prog_file("f", 10, 1, O_RDONLY);
	CHECK(!fcntl(fd, F_SETSIG, SIGRTMIN + 3));
	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		prog_skip("no leases on this file system");
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(signals, 0);
		CHECK_EQ(fcntl(fd, F_GETLEASE), F_RDLCK);
		prog_nap();
	}
	pid = prog_fork();
	if (!pid) {
		int other = open(prog_path("f"), O_WRONLY | O_NONBLOCK);

		_exit(!(other == -1 && errno == EWOULDBLOCK));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(signals, 1);
	CHECK_EQ(number, fd);
	CHECK(!fcntl(fd, F_SETLEASE, F_UNLCK));
	CHECK(open(prog_path("f"), O_WRONLY | O_NONBLOCK) >= 0);
	prog_pass();
}
