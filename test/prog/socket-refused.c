// SPDX-License-Identifier: Apache-2.0
/* Holds a socket, of which a checkpoint must be refused while the job goes on. */
#include "prog.h"

#include <sys/socket.h>

int main(int argc, char **argv)
{
	int pair[2], fd;

	prog_init(argc, argv);
	fd = socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : pair[0];
	CHECK(fd >= 0);
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
