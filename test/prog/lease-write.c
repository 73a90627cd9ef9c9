// SPDX-License-Identifier: Apache-2.0
/* A write lease is still held, and a checkpoint does not break it. */
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
	catch(SIGIO);
	fd = prog_file("f", 10, 1, O_RDWR);
	CHECK_EQ(lseek(fd, 3, SEEK_SET), 3);
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		prog_skip("no leases on this file system");
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(signals, 0);
		CHECK_EQ(fcntl(fd, F_GETLEASE), F_WRLCK);
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 3);
		prog_nap();
	}
	pid = prog_fork();
	if (!pid) {
		int other = open(prog_path("f"), O_RDONLY | O_NONBLOCK);

		_exit(!(other == -1 && errno == EWOULDBLOCK));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(signals, 1);
	/* Down to what the other needs, not less. */
	CHECK(!fcntl(fd, F_SETLEASE, F_RDLCK) || !fcntl(fd, F_SETLEASE, F_UNLCK));
	prog_pass();
}
