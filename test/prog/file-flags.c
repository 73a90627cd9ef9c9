// SPDX-License-Identifier: Apache-2.0
/* Status flags changed by fcntl and the owner and signal for asynchronous I/O stay. */
#include "prog.h"

int main(int argc, char **argv)
{
	int fd, p[2];

	prog_init(argc, argv);
	fd = prog_file("data", 10, 1, O_RDWR);
	CHECK(!fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK(!pipe2(p, O_CLOEXEC));
	CHECK(!fcntl(p[0], F_SETFL, O_NONBLOCK));
	CHECK(!fcntl(p[0], F_SETOWN, getpid()) && !fcntl(p[0], F_SETSIG, SIGUSR2));
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE),
		 O_APPEND | O_NONBLOCK | O_RDWR);
	CHECK(fcntl(p[0], F_GETFL) & O_NONBLOCK);
	CHECK(!(fcntl(p[1], F_GETFL) & O_NONBLOCK));
	CHECK_EQ(fcntl(p[0], F_GETOWN), getpid());
	CHECK_EQ(fcntl(p[0], F_GETSIG), SIGUSR2);
	CHECK_EQ(fcntl(p[1], F_GETFD), FD_CLOEXEC);
	CHECK(read(p[0], &fd, 1) == -1 && errno == EAGAIN);
	prog_pass();
}
