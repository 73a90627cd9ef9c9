// SPDX-License-Identifier: Apache-2.0
/* Pipes with one end closed: the reader drains and sees the end, the writer gets EPIPE. */
#include "prog.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd pfd;
	int noreader[2], nowriter[2];
	char buf[16];

	prog_init(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	CHECK(!pipe(noreader) && !pipe(nowriter));
	CHECK_EQ(write(nowriter[1], "left", 4), 4);
	close(nowriter[1]);
	CHECK_EQ(write(noreader[1], "lost", 4), 4);
	close(noreader[0]);
	prog_ready();
	prog_wait();
	CHECK_EQ(read(nowriter[0], buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "left", 4));
	CHECK_EQ(read(nowriter[0], buf, sizeof(buf)), 0);
	pfd = (struct pollfd){ .fd = nowriter[0], .events = POLLIN };
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK(pfd.revents & POLLHUP);
	CHECK(write(noreader[1], "x", 1) == -1 && errno == EPIPE);
	prog_pass();
}
