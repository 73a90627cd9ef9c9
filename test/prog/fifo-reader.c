// SPDX-License-Identifier: Apache-2.0
/* A FIFO that nobody has written to yet shows no hang-up, and meets its first writer. */
#include "prog.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd p;
	char buf[8];
	int fd, w;

	prog_init(argc, argv);
	CHECK(!mkfifo(prog_path("fifo"), 0600));
	fd = open(prog_path("fifo"), O_RDONLY | O_NONBLOCK);
	CHECK(fd >= 0);
	p = (struct pollfd){ fd, POLLIN, 0 };
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(poll(&p, 1, 0), 0);
		CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
		prog_nap();
	}
	w = open(prog_path("fifo"), O_WRONLY | O_NONBLOCK);
	CHECK(w >= 0 && write(w, "hello", 5) == 5);
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 5);
	CHECK(read(fd, buf, sizeof(buf)) == -1 && errno == EAGAIN);
	close(w);
	CHECK(poll(&p, 1, 1000) == 1 && p.revents & POLLHUP);
	prog_pass();
}
