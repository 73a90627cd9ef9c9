// SPDX-License-Identifier: Apache-2.0
/* mlockall(MCL_FUTURE): what is mapped after a restart is locked too, until munlockall. */
#include "prog.h"

static long locked_kib(void)
{
	char text[4096];
	const char *p;

	CHECK(prog_slurp("/proc/self/status", text, sizeof(text)) > 0);
	p = strstr(text, "VmLck:");
	CHECK(p);
	return atol(p + 6);
}

static void check_locked(void)
{
	long before = locked_kib();
	char *p = prog_map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	CHECK_EQ(locked_kib() - before, 16);
	CHECK(!munmap(p, 4 * PAGE));
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (mlockall(MCL_FUTURE))
		prog_skip("no right to lock memory");
	check_locked();
	prog_ready();
	prog_wait();
	check_locked();
	CHECK(!munlockall());
	prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK_EQ(locked_kib(), 0);
	prog_pass();
}
