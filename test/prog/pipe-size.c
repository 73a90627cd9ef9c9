// SPDX-License-Identifier: Apache-2.0
/* A pipe made larger or smaller keeps its capacity, and a full one its contents. */
#include "prog.h"

#define LARGE (256 * 1024)

int main(int argc, char **argv)
{
	static char buf[LARGE];
	int large[2], small[2], size;

	prog_init(argc, argv);
	CHECK(!pipe2(large, O_NONBLOCK) && !pipe2(small, O_NONBLOCK));
	size = fcntl(large[1], F_SETPIPE_SZ, LARGE);
	CHECK(size >= LARGE);
	CHECK_EQ(fcntl(small[1], F_SETPIPE_SZ, 4096), 4096);
	prog_fill(buf, LARGE, 1);
	CHECK_EQ(write(large[1], buf, LARGE), LARGE);
	CHECK_EQ(write(small[1], buf, 8192), 4096);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(large[0], F_GETPIPE_SZ), size);
	CHECK_EQ(fcntl(small[0], F_GETPIPE_SZ), 4096);
	CHECK(write(small[1], buf, 1) == -1 && errno == EAGAIN);
	memset(buf, 0, LARGE);
	CHECK_EQ(read(large[0], buf, LARGE), LARGE);
	CHECK(prog_filled(buf, LARGE, 1));
	CHECK_EQ(read(small[0], buf, 8192), 4096);
	CHECK(prog_filled(buf, 4096, 1));
	prog_pass();
}
