// SPDX-License-Identifier: Apache-2.0
/* Unnamed semaphores in shared memory of three kinds, with processes that wait, one for a time. */
#include "ipc.h"

#include <semaphore.h>

int main(int argc, char **argv)
{
	struct timespec until;
	sem_t *s[3];
	pid_t child[3];
	int i, value, fd = memfd_create("semaphore", 0), id;

	prog_init(argc, argv);
	CHECK(!ftruncate(fd, PAGE));
	id = ipc_shm(IPC_PRIVATE, PAGE, 0600);
	s[0] = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	s[1] = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	s[2] = shmat(id, NULL, 0);
	CHECK(s[2] != (void *)-1);
	CHECK(!clock_gettime(CLOCK_REALTIME, &until));
	until.tv_sec += 100000;
	for (i = 0; i < 3; i++) {
		CHECK(!sem_init(s[i], 1, i));
		child[i] = prog_fork();
		if (child[i])
			continue;
		for (value = 0; value < i; value++)
			CHECK(!sem_wait(s[i]));
		CHECK(i == 1 ? !sem_timedwait(s[i], &until) : !sem_wait(s[i]));
		_exit(0);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 3; i++)
		CHECK(!waitpid(child[i], NULL, WNOHANG));
	for (i = 0; i < 3; i++) {
		CHECK(!sem_post(s[i]));
		prog_reap(child[i]);
	}
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
