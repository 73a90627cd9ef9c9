// SPDX-License-Identifier: Apache-2.0
/* Signals pending for one thread are delivered to that thread and to no other. */
#include "prog.h"

static void *thread(void *arg)
{
	sigset_t set, now;
	siginfo_t si;
	int mine = SIGUSR1 + (arg ? 2 : 0);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	/* To itself by tgkill, so that nobody else could take it. */
	CHECK(!pthread_kill(pthread_self(), mine));
	prog_mark(arg ? "up.1" : "up.0");
	prog_wait();
	CHECK(!sigpending(&now));
	CHECK_EQ(sigismember(&now, mine), 1);
	CHECK_EQ(sigismember(&now, mine == SIGUSR1 ? SIGUSR2 : SIGUSR1), 0);
	/* The C library's sigwaitinfo() would make the code that of kill(). */
	CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &si, NULL, 8), mine);
	CHECK(si.si_code == SI_TKILL && si.si_pid == getpid());
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[2];
	sigset_t set, now;
	long i;

	prog_init(argc, argv);
	_Static_assert(SIGUSR2 == SIGUSR1 + 2, "numbers of x86");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	for (i = 0; i < 2; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_await("up.0");
	prog_await("up.1");
	prog_ready();
	while (!prog_done()) {
		CHECK(!sigpending(&now));
		CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
		prog_nap();
	}
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
