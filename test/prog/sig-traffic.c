// SPDX-License-Identifier: Apache-2.0
/* Two processes send each other queued signals all the time; none is lost or doubled. */
#include "prog.h"

static sigset_t set;

static void bounce(pid_t other, bool serve)
{
	union sigval v = { .sival_int = 0 };
	siginfo_t si;
	int next = 0;

	if (serve)
		CHECK(!sigqueue(other, SIGRTMIN + 1, v));
	for (;;) {
		while (sigwaitinfo(&set, &si) < 0)
			CHECK(errno == EINTR);
		if (si.si_value.sival_int < 0)
			break;
		CHECK_EQ(si.si_value.sival_int, next);
		CHECK_EQ(si.si_pid, other);
		v.sival_int = serve ? ++next : next++;
		if (serve && prog_done())
			v.sival_int = -1;
		CHECK(!sigqueue(other, SIGRTMIN + 1, v));
	}
	if (!serve)
		sigqueue(other, SIGRTMIN + 1, si.si_value);
}

int main(int argc, char **argv)
{
	pid_t pid;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	pid = prog_fork();
	if (!pid) {
		bounce(getppid(), false);
		_exit(0);
	}
	prog_ready();
	bounce(pid, true);
	prog_reap(pid);
	prog_pass();
}
