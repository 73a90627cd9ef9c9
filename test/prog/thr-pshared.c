// SPDX-License-Identifier: Apache-2.0
/* Semaphore, mutex and condition shared between two processes that play ping-pong. */
#include "prog.h"

#include <semaphore.h>

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	sem_t sem[2];
	long turns, stop;
};

static void play(struct shared *s, int me)
{
	for (;;) {
		while (sem_wait(&s->sem[me]))
			CHECK(errno == EINTR);
		pthread_mutex_lock(&s->lock);
		if (!s->stop) {
			CHECK_EQ(s->turns % 2, me);
			s->turns++;
			if (!me && prog_done())
				s->stop = 1;
		}
		pthread_cond_broadcast(&s->turned);
		pthread_mutex_unlock(&s->lock);
		sem_post(&s->sem[!me]);
		if (s->stop)
			return;
	}
}

int main(int argc, char **argv)
{
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;
	struct shared *s;
	pid_t pid;

	prog_init(argc, argv);
	s = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pthread_mutexattr_init(&ma);
	pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&s->lock, &ma);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->turned, &ca);
	sem_init(&s->sem[0], 1, 1);
	sem_init(&s->sem[1], 1, 0);
	pid = prog_fork();
	if (!pid) {
		play(s, 1);
		_exit(0);
	}
	prog_ready();
	play(s, 0);
	prog_reap(pid);
	CHECK(s->turns > 0);
	prog_pass();
}
