// SPDX-License-Identifier: Apache-2.0
/* A priority-inheritance mutex across processes: held, waited for in the kernel, and busy. */
#include "ipc.h"

struct shared {
	pthread_mutex_t held, busy;
	unsigned long count;
};

int main(int argc, char **argv)
{
	struct shared *s = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pthread_mutexattr_t a;
	pid_t waiter, worker[2];
	unsigned long before;
	int i;

	prog_init(argc, argv);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	CHECK(!pthread_mutex_init(&s->held, &a) && !pthread_mutex_init(&s->busy, &a));
	CHECK(!pthread_mutex_lock(&s->held));
	waiter = prog_fork();
	if (!waiter) {
		CHECK(!pthread_mutex_lock(&s->held));
		CHECK(!pthread_mutex_unlock(&s->held));
		_exit(0);
	}
	for (i = 0; i < 2; i++) {
		worker[i] = prog_fork();
		if (!worker[i])
			for (;;) {
				CHECK(!pthread_mutex_lock(&s->busy));
				before = s->count;
				if (before % 100 == 0)
					sched_yield();
				s->count = before + 1;
				CHECK(!pthread_mutex_unlock(&s->busy));
			}
	}
	prog_ready();
	prog_wait();
	CHECK(!waitpid(waiter, NULL, WNOHANG));
	CHECK_EQ(pthread_mutex_trylock(&s->held), EBUSY);
	CHECK(!pthread_mutex_unlock(&s->held));
	prog_reap(waiter);
	before = s->count;
	while (s->count < before + 1000)
		prog_nap();
	CHECK(!waitpid(worker[0], NULL, WNOHANG) && !waitpid(worker[1], NULL, WNOHANG));
	for (i = 0; i < 2; i++)
		ipc_kill(worker[i]);
	prog_pass();
}
