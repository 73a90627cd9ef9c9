// SPDX-License-Identifier: Apache-2.0
/* Ends of a pipe opened again through /proc/self/fd belong to the same pipe. */
#include "prog.h"

int main(int argc, char **argv)
{
	char path[64], buf[16];
	int p[2], both, r;

	prog_init(argc, argv);
	CHECK(!pipe(p));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
	both = open(path, O_RDWR);
	r = open(path, O_RDONLY | O_NONBLOCK);
	CHECK(both >= 0 && r >= 0);
	close(p[1]);
	CHECK_EQ(write(both, "abc", 3), 3);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(both, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(read(r, buf, 1), 1);
	CHECK_EQ(write(both, "d", 1), 1);
	CHECK_EQ(read(p[0], buf, 16), 3);
	CHECK(!memcmp(buf, "bcd", 3));
	prog_pass();
}
