// SPDX-License-Identifier: Apache-2.0
/* Signals pending for the process stay pending, each with its information. */
#include "prog.h"

int main(int argc, char **argv)
{
	sigset_t set, now;
	siginfo_t si;
	pid_t pid;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 3);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	pid = prog_fork();
	if (!pid) {
		kill(getppid(), SIGUSR1);
		sigqueue(getppid(), SIGUSR2, (union sigval){ .sival_ptr = (void *)0x1234567890UL });
		_exit(0);
	}
	prog_reap(pid);
	prog_ready();
	while (!prog_done()) {
		CHECK(!sigpending(&now));
		CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
		CHECK(!sigismember(&now, SIGTERM) && !sigismember(&now, SIGRTMIN + 3));
		prog_nap();
	}
	CHECK_EQ(sigwaitinfo(&set, &si), SIGUSR1);
	CHECK(si.si_code == SI_USER && si.si_pid == pid && si.si_uid == getuid());
	CHECK_EQ(sigwaitinfo(&set, &si), SIGUSR2);
	CHECK(si.si_code == SI_QUEUE && si.si_pid == pid);
	CHECK(si.si_value.sival_ptr == (void *)0x1234567890UL);
	CHECK(sigtimedwait(&set, &si, &(struct timespec){ 0 }) == -1 && errno == EAGAIN);
	prog_pass();
}
