// SPDX-License-Identifier: Apache-2.0
/* The main thread's alternate stack has no room for a frame of this CPU: refused. */
#include "prog.h"

int main(int argc, char **argv)
{
	static char room[2048];
	stack_t s = { .ss_size = sizeof(room), .ss_sp = room };

	prog_init(argc, argv);
	CHECK(!syscall(SYS_sigaltstack, &s, NULL));
	prog_ready();
	prog_wait();
	prog_pass();
}
