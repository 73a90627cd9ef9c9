// SPDX-License-Identifier: Apache-2.0
/* Queued real-time signals keep number, order and values. */
#include "prog.h"

#define N 50

int main(int argc, char **argv)
{
	sigset_t set;
	siginfo_t si;
	int i, rt = SIGRTMIN + 5;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, rt);
	sigaddset(&set, rt + 1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	for (i = 0; i < N; i++) {
		CHECK(!sigqueue(getpid(), rt + 1, (union sigval){ .sival_int = 1000 + i }));
		CHECK(!sigqueue(getpid(), rt, (union sigval){ .sival_int = i }));
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 2 * N; i++) {
		CHECK_EQ(sigwaitinfo(&set, &si), i < N ? rt : rt + 1);
		CHECK_EQ(si.si_value.sival_int, i < N ? i : 1000 + i - N);
		CHECK(si.si_code == SI_QUEUE && si.si_pid == getpid());
	}
	CHECK(sigtimedwait(&set, &si, &(struct timespec){ 0 }) == -1 && errno == EAGAIN);
	prog_pass();
}
