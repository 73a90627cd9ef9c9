// SPDX-License-Identifier: Apache-2.0
/* Parent and child, who share most private pages since fork, change them independently. */
#include "prog.h"

#define LEN (4UL << 20)

int main(int argc, char **argv)
{
	char *mem;
	pid_t pid;

	prog_init(argc, argv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(mem, LEN, 70);
	pid = prog_fork();
	if (!pid) {
		prog_fill(mem + 10 * PAGE, PAGE, 71);
		prog_mark("up");
		prog_wait();
		CHECK(prog_filled(mem + 10 * PAGE, PAGE, 71));
		prog_fill(mem, 10 * PAGE, 72);
		prog_await("parent");
		CHECK(prog_filled(mem, 10 * PAGE, 72));
		CHECK(prog_filled(mem + 10 * PAGE, PAGE, 71));
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem, LEN, 70));
	prog_fill(mem, LEN, 73);
	prog_mark("parent");
	prog_reap(pid);
	CHECK(prog_filled(mem, LEN, 73));
	prog_pass();
}
