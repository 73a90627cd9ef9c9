// SPDX-License-Identifier: Apache-2.0
/* Data waiting in a pipe comes out afterwards, once and in order. */
#include "prog.h"

#define LEN 50000

int main(int argc, char **argv)
{
	static char buf[LEN], want[LEN];
	int p[2];

	prog_init(argc, argv);
	prog_fill(want, LEN, 1);
	CHECK(!pipe(p));
	CHECK_EQ(write(p[1], want, LEN), LEN);
	CHECK_EQ(read(p[0], buf, 1000), 1000);
	prog_ready();
	prog_wait();
	CHECK_EQ(read(p[0], buf + 1000, LEN - 1000), LEN - 1000);
	CHECK(!memcmp(buf, want, LEN));
	CHECK(!fcntl(p[0], F_SETFL, O_NONBLOCK));
	CHECK(read(p[0], buf, 1) == -1 && errno == EAGAIN);
	close(p[1]);
	CHECK_EQ(read(p[0], buf, 1), 0);
	prog_pass();
}
