// SPDX-License-Identifier: Apache-2.0
/* New processes and threads after a restart get ids that nobody else of the job has. */
#include "prog.h"

static pid_t held[6];

static void *thread(void *arg)
{
	*(pid_t *)arg = prog_tid();
	return NULL;
}

static void unused(pid_t id)
{
	size_t i;

	CHECK(id > 0 && id != getpid());
	for (i = 0; i < ARRAY_SIZE(held); i++)
		CHECK(id != held[i]);
}

int main(int argc, char **argv)
{
	pthread_t t;
	pid_t pid;
	size_t i;

	prog_init(argc, argv);
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = prog_fork();
		if (!held[i]) {
			prog_wait();
			prog_await("go");
			_exit(0);
		}
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 200; i++) {
		pid = prog_fork();
		if (!pid)
			_exit(0);
		unused(pid);
		prog_reap(pid);
		prog_thread(&t, thread, &pid);
		pthread_join(t, NULL);
		unused(pid);
	}
	prog_mark("go");
	for (i = 0; i < ARRAY_SIZE(held); i++)
		prog_reap(held[i]);
	prog_pass();
}
