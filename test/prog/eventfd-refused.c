// SPDX-License-Identifier: Apache-2.0
/* Holds an event counter, of which a checkpoint must be refused while the job goes on. */
#include "prog.h"

#include <sys/eventfd.h>

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = eventfd(3, 0);
	CHECK(fd >= 0);
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
