// SPDX-License-Identifier: Apache-2.0
/* A packet-mode pipe keeps the borders between its packets. */
#include "prog.h"

int main(int argc, char **argv)
{
	static const int lens[] = { 1, 100, 4096, 7, 2000 };
	char buf[8192];
	size_t i;
	int p[2];

	prog_init(argc, argv);
	CHECK(!pipe2(p, O_DIRECT));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		prog_fill(buf, lens[i], i);
		CHECK_EQ(write(p[1], buf, lens[i]), lens[i]);
	}
	prog_ready();
	prog_wait();
	CHECK(fcntl(p[1], F_GETFL) & O_DIRECT);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		CHECK_EQ(read(p[0], buf, sizeof(buf)), lens[i]);
		CHECK(prog_filled(buf, lens[i], i));
	}
	CHECK(write(p[1], "ab", 2) == 2 && write(p[1], "c", 1) == 1);
	CHECK_EQ(read(p[0], buf, sizeof(buf)), 2);
	prog_pass();
}
