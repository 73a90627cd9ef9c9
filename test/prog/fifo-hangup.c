// SPDX-License-Identifier: Apache-2.0
/* A FIFO whose writer has gone: what it left, then a hang-up; and a later writer. */
#include "prog.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd p;
	char buf[16];
	int fd, w;

	prog_init(argc, argv);
	CHECK(!mkfifo(prog_path("fifo"), 0640));
	fd = open(prog_path("fifo"), O_RDONLY | O_NONBLOCK);
	w = open(prog_path("fifo"), O_WRONLY);
	CHECK(fd >= 0 && w >= 0 && write(w, "left", 4) == 4 && !close(w));
	CHECK(!fcntl(fd, F_SETFL, 0));
	p = (struct pollfd){ fd, POLLIN, 0 };
	prog_ready();
	while (!prog_done()) {
		CHECK(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLHUP));
		prog_nap();
	}
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "left", 4));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	w = open(prog_path("fifo"), O_WRONLY | O_NONBLOCK);
	CHECK(w >= 0 && poll(&p, 1, 0) == 0 && write(w, "new", 3) == 3);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 3);
	prog_pass();
}
