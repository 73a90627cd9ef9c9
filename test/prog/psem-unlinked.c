// SPDX-License-Identifier: Apache-2.0
/* A named semaphore without its name, shared by two processes, one of which waits. */
#include "ipc.h"

#include <semaphore.h>

int main(int argc, char **argv)
{
	char name[64];
	sem_t *s;
	pid_t child;
	int value;

	prog_init(argc, argv);
	snprintf(name, sizeof(name), "/cairn-test-%d", getpid());
	s = sem_open(name, O_CREAT | O_EXCL, 0600, 2);
	CHECK(s != SEM_FAILED);
	CHECK(!sem_unlink(name));
	child = prog_fork();
	if (!child) {
		/* Two at once, the third after the restart. */
		CHECK(!sem_wait(s) && !sem_wait(s));
		prog_mark("taken");
		CHECK(!sem_wait(s));
		_exit(0);
	}
	prog_await("taken");
	prog_ready();
	prog_wait();
	CHECK(!sem_getvalue(s, &value));
	CHECK_EQ(value, 0);
	CHECK(!sem_post(s));
	prog_reap(child);
	CHECK(sem_trywait(s) && errno == EAGAIN);
	CHECK(sem_open(name, 0) == SEM_FAILED && errno == ENOENT);
	prog_pass();
}
