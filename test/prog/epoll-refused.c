// SPDX-License-Identifier: Apache-2.0
/* Holds an epoll set, of which a checkpoint must be refused while the job goes on. */
#include "prog.h"

#include <sys/epoll.h>

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = epoll_create1(0);
	CHECK(fd >= 0);
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
