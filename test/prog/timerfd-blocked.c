// SPDX-License-Identifier: Apache-2.0
/* Threads that wait in timers, shared with a child too, are woken on time. */
#include "timerfd.h"

static int fd;
static double begin;

static void *wait_here(void *arg)
{
	double late;

	CHECK_EQ(tfd_read(fd), 1);
	late = prog_now(CLOCK_MONOTONIC) - begin - 2;
	if (late < 0 || late > 30)
		prog_fail(__FILE__, __LINE__, "%f s late", late);
	return arg;
}

int main(int argc, char **argv)
{
	int shared, n = 0;
	pthread_t t;
	pid_t pid;

	prog_init(argc, argv);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	shared = timerfd_create(CLOCK_MONOTONIC, 0);
	begin = prog_now(CLOCK_MONOTONIC);
	tfd_set(fd, 0, 2, 0);
	prog_thread(&t, wait_here, NULL);
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(tfd_read(shared), 1);
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(!waitpid(pid, &n, WNOHANG));
	tfd_set(shared, 0, 0.001, 0);
	prog_reap(pid);
	pthread_join(t, NULL);
	prog_pass();
}
