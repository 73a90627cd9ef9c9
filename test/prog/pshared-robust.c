// SPDX-License-Identifier: Apache-2.0
/* A robust mutex in shared memory: its owner dies after the restart, and a waiter inherits it. */
#include "ipc.h"

int main(int argc, char **argv)
{
	pthread_mutex_t *m = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pthread_mutexattr_t a;
	pid_t owner, waiter;

	prog_init(argc, argv);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(m, &a);
	owner = prog_fork();
	if (!owner) {
		CHECK(!pthread_mutex_lock(m));
		prog_mark("locked");
		for (;;)
			pause();
	}
	prog_await("locked");
	waiter = prog_fork();
	if (!waiter) {
		CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
		CHECK(!pthread_mutex_consistent(m));
		CHECK(!pthread_mutex_unlock(m));
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK_EQ(pthread_mutex_trylock(m), EBUSY);
	ipc_kill(owner);
	prog_reap(waiter);
	CHECK(!pthread_mutex_lock(m));
	CHECK(!pthread_mutex_unlock(m));
	prog_pass();
}
