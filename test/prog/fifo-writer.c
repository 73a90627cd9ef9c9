// SPDX-License-Identifier: Apache-2.0
/* A FIFO whose reader has gone: writing fails, until there is one again. */
#include "prog.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd p;
	char buf[8];
	int fd, r;

	prog_init(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	CHECK(!mkfifo(prog_path("fifo"), 0600));
	r = open(prog_path("fifo"), O_RDONLY | O_NONBLOCK);
	fd = open(prog_path("fifo"), O_WRONLY);
	CHECK(r >= 0 && fd >= 0 && !close(r));
	p = (struct pollfd){ fd, POLLOUT, 0 };
	prog_ready();
	while (!prog_done()) {
		CHECK(poll(&p, 1, 0) == 1 && p.revents & POLLERR);
		CHECK(write(fd, "x", 1) == -1 && errno == EPIPE);
		prog_nap();
	}
	r = open(prog_path("fifo"), O_RDONLY | O_NONBLOCK);
	CHECK(r >= 0 && write(fd, "y", 1) == 1 && read(r, buf, 8) == 1 && buf[0] == 'y');
	prog_pass();
}
