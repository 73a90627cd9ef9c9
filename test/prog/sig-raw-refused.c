// SPDX-License-Identifier: Apache-2.0
/* Handlers of all real-time signals by system calls of the program's own, without a restorer. */
#include "prog.h"

static void handler(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} raw = { handler, 0, NULL, 0 };
	long sig, ret;

	prog_init(argc, argv);
	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++) {
		register long size __asm__("r10") = 8;

		__asm__ volatile("syscall"
				 : "=a"(ret)
				 : "a"(SYS_rt_sigaction), "D"(sig), "S"(&raw), "d"(0), "r"(size)
				 : "rcx", "r11", "memory");
		CHECK(!ret);
	}
	prog_ready();
	prog_wait();
	prog_pass();
}
