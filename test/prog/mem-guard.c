// SPDX-License-Identifier: Apache-2.0
/* Lightweight guard pages inside a mapping still fault; their neighbours do not. */
#include "prog.h"

#include <setjmp.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#define LEN (32 * PAGE)

static char *mem;
static sigjmp_buf env;

static void on_segv(int sig)
{
	siglongjmp(env, sig);
}

static bool faults(char *p)
{
	if (sigsetjmp(env, 1))
		return true;
	(void)*(volatile char *)p;
	return false;
}

static void check(void)
{
	CHECK(faults(mem + 8 * PAGE));
	CHECK(faults(mem + 9 * PAGE + 100));
	CHECK(!faults(mem + 7 * PAGE));
	CHECK(!faults(mem + 10 * PAGE));
	CHECK(faults(mem + 31 * PAGE));
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	signal(SIGSEGV, on_segv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(mem, LEN, 40);
	if (madvise(mem + 8 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL))
		prog_skip("the kernel has no lightweight guard regions");
	CHECK(!madvise(mem + 31 * PAGE, PAGE, MADV_GUARD_INSTALL));
	prog_ready();
	prog_watch(check);
	CHECK(prog_filled(mem, 8 * PAGE, 40));
	CHECK(!madvise(mem + 8 * PAGE, 2 * PAGE, MADV_GUARD_REMOVE));
	CHECK(prog_zero(mem + 8 * PAGE, 2 * PAGE));
	prog_pass();
}
