// SPDX-License-Identifier: Apache-2.0
/* PR_SET_TSC belongs to a thread: one may read the time stamp counter, the other gets SIGSEGV. */
#include "prog.h"

#include <setjmp.h>
#include <sys/prctl.h>

static __thread sigjmp_buf env;

static void handler(int sig)
{
	siglongjmp(env, 1);
}

static bool can(void)
{
	if (sigsetjmp(env, 1))
		return false;
	__builtin_ia32_rdtsc();
	return true;
}

static void *without(void *arg)
{
	CHECK(!prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	prog_mark("set");
	while (!prog_done()) {
		CHECK(!can());
		usleep(10000);
	}
	CHECK(!can());
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int mode;

	prog_init(argc, argv);
	signal(SIGSEGV, handler);
	prog_thread(&t, without, NULL);
	prog_await("set");
	prog_ready();
	prog_wait();
	CHECK(can());
	CHECK(!prctl(PR_GET_TSC, &mode));
	CHECK_EQ(mode, PR_TSC_ENABLE);
	pthread_join(t, NULL);
	prog_pass();
}
