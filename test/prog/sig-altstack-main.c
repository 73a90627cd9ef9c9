// SPDX-License-Identifier: Apache-2.0
/* The main thread's alternate stack is in a page that is not there: a checkpoint is refused. */
#include "prog.h"

int main(int argc, char **argv)
{
	stack_t s = { .ss_size = 16 * PAGE };

	prog_init(argc, argv);
	s.ss_sp = mmap(NULL, s.ss_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s.ss_sp != MAP_FAILED);
	CHECK(!sigaltstack(&s, NULL));
	CHECK(!munmap(s.ss_sp, s.ss_size));
	prog_ready();
	prog_wait();
	prog_pass();
}
