// SPDX-License-Identifier: Apache-2.0
/* Both ends of a pipe in one process, duplicated and with O_NONBLOCK on one of them only. */
#include "prog.h"

int main(int argc, char **argv)
{
	int p[2], r2, w2;
	char buf[8];

	prog_init(argc, argv);
	CHECK(!pipe(p));
	r2 = dup(p[0]);
	w2 = dup(p[1]);
	CHECK(!fcntl(p[0], F_SETFL, O_NONBLOCK));
	CHECK_EQ(write(p[1], "one", 3), 3);
	prog_ready();
	prog_wait();
	CHECK_EQ(write(w2, "two", 3), 3);
	CHECK_EQ(read(r2, buf, 8), 6);
	CHECK(!memcmp(buf, "onetwo", 6));
	CHECK(read(r2, buf, 1) == -1 && errno == EAGAIN);
	CHECK(!(fcntl(w2, F_GETFL) & O_NONBLOCK));
	prog_pass();
}
