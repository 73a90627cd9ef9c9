// SPDX-License-Identifier: Apache-2.0
/* Jump buffers saved before lead back afterwards, with and without the signal mask. */
#include "prog.h"

#include <setjmp.h>

static jmp_buf plain;
static sigjmp_buf with_mask;

static void __attribute__((noinline)) deep(int n)
{
	volatile char pad[500];

	pad[0] = n;
	if (n > 0)
		deep(n - 1);
	else if (!n)
		longjmp(plain, 12);
	CHECK(pad[0] == (char)n);
}

int main(int argc, char **argv)
{
	volatile int state = 3;
	sigset_t set;
	int r;

	prog_init(argc, argv);
	r = setjmp(plain);
	if (r) {
		CHECK(r == 12 && state == 4);
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
		siglongjmp(with_mask, 13);
	}
	r = sigsetjmp(with_mask, 1);
	if (r) {
		CHECK_EQ(r, 13);
		CHECK(!sigprocmask(SIG_BLOCK, NULL, &set));
		CHECK(!sigismember(&set, SIGUSR1));
		prog_pass();
	}
	prog_ready();
	prog_wait();
	state = 4;
	deep(20);
	return 1;
}
