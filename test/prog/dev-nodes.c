// SPDX-License-Identifier: Apache-2.0
/* The null, zero, full, random and urandom devices do what they should. */
#include "prog.h"

static int null, zero, full, urandom;

static void check(void)
{
	char buf[64];

	CHECK_EQ(read(null, buf, 64), 0);
	CHECK_EQ(write(null, buf, 64), 64);
	memset(buf, 1, 64);
	CHECK_EQ(read(zero, buf, 64), 64);
	CHECK(prog_zero(buf, 64));
	CHECK(write(full, buf, 1) == -1 && errno == ENOSPC);
	CHECK_EQ(read(urandom, buf, 64), 64);
	CHECK(!prog_zero(buf, 64));
}

int main(int argc, char **argv)
{
	char *mem;

	prog_init(argc, argv);
	null = open("/dev/null", O_RDWR);
	zero = open("/dev/zero", O_RDWR);
	full = open("/dev/full", O_RDWR);
	urandom = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	CHECK(null >= 0 && zero >= 0 && full >= 0 && urandom >= 0);
	mem = prog_map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero);
	prog_fill(mem, PAGE, 1);
	prog_ready();
	prog_watch(check);
	CHECK(prog_filled(mem, PAGE, 1));
	CHECK(prog_zero(mem + PAGE, PAGE));
	CHECK_EQ(fcntl(urandom, F_GETFD), FD_CLOEXEC);
	prog_pass();
}
