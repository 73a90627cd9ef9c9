// SPDX-License-Identifier: Apache-2.0
/* Holds a timer descriptor, of which a checkpoint must be refused while the job goes on. */
#include "prog.h"

#include <sys/timerfd.h>

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(fd >= 0);
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
