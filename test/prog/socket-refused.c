// SPDX-License-Identifier: Apache-2.0
/* Holds a vsock socket, of which a checkpoint must be refused while the job goes on. */
#include "prog.h"

#include <sys/socket.h>

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (fd < 0)
		prog_skip("this kernel has no vsock");
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
