// SPDX-License-Identifier: Apache-2.0
/* A counter that a parent and its child share is still one counter, at two numbers. */
#include "prog.h"

#include <sys/eventfd.h>

int main(int argc, char **argv)
{
	uint64_t v = 9;
	int fd, answer;
	pid_t pid;

	prog_init(argc, argv);
	fd = eventfd(0, 0);
	answer = eventfd(0, 0);
	CHECK(fd >= 0 && answer >= 0);
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(dup2(fd, 77), 77);
		close(fd);
		CHECK_EQ(read(77, &v, 8), 8);
		CHECK_EQ(v, 9);
		v = 11;
		CHECK_EQ(write(answer, &v, 8), 8);
		CHECK(!fcntl(77, F_SETFL, O_NONBLOCK));
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK_EQ(write(fd, &v, 8), 8);
	CHECK_EQ(read(answer, &v, 8), 8);
	CHECK_EQ(v, 11);
	prog_reap(pid);
	/* Flags belong to what both share. */
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	prog_pass();
}
