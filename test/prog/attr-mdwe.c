// SPDX-License-Identifier: Apache-2.0
/* PR_SET_MDWE: memory that was writable never becomes executable. */
#include "prog.h"

#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static void check(void)
{
	void *p = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	CHECK_EQ(prctl(PR_GET_MDWE, 0, 0, 0, 0), PR_MDWE_REFUSE_EXEC_GAIN);
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) && errno == EACCES);
	munmap(p, PAGE);
}

int main(int argc, char **argv)
{
	pid_t child;

	prog_init(argc, argv);
	child = prog_fork();
	if (!child) {
		if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)) {
			prog_mark("lacks");
			prog_mark("set");
			_exit(0);
		}
		check();
		prog_mark("set");
		prog_wait();
		check();
		_exit(0);
	}
	prog_await("set");
	if (prog_has("lacks"))
		prog_skip("this kernel has no PR_SET_MDWE");
	prog_ready();
	prog_wait();
	CHECK_EQ(prctl(PR_GET_MDWE, 0, 0, 0, 0), 0);
	prog_reap(child);
	prog_pass();
}
