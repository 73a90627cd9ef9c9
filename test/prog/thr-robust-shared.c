// SPDX-License-Identifier: Apache-2.0
/* A robust mutex between processes reports the death of the process that owns it. */
#include "prog.h"

int main(int argc, char **argv)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t *m;
	int status;
	pid_t pid;

	prog_init(argc, argv);
	m = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	CHECK(!pthread_mutexattr_init(&attr));
	CHECK(!pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	CHECK(!pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	CHECK(!pthread_mutex_init(m, &attr));
	pid = prog_fork();
	if (!pid) {
		CHECK(!pthread_mutex_lock(m));
		prog_mark("locked");
		for (;;)
			pause();
	}
	prog_await("locked");
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(pthread_mutex_trylock(m), EBUSY);
		prog_nap();
	}
	CHECK(!kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
	CHECK(!pthread_mutex_consistent(m));
	CHECK(!pthread_mutex_unlock(m));
	prog_pass();
}
