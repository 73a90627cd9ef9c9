// SPDX-License-Identifier: Apache-2.0
/* A child forked from a thread of a threaded process goes on with that thread alone. */
#include "prog.h"

static pid_t kid;

static void *idle(void *arg)
{
	(void)arg;
	prog_wait();
	return NULL;
}

static void *forker(void *arg)
{
	pthread_t t;

	(void)arg;
	kid = prog_fork();
	if (kid)
		return NULL;
	CHECK_EQ(prog_tid(), getpid());
	prog_mark("up");
	prog_wait();
	CHECK_EQ(prog_tid(), getpid());
	prog_thread(&t, idle, NULL);
	pthread_join(t, NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	pthread_t t[2];

	prog_init(argc, argv);
	prog_thread(&t[0], idle, NULL);
	prog_thread(&t[1], forker, NULL);
	pthread_join(t[1], NULL);
	prog_await("up");
	prog_ready();
	pthread_join(t[0], NULL);
	prog_reap(kid);
	prog_pass();
}
