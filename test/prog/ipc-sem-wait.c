// SPDX-License-Identifier: Apache-2.0
/* Processes that wait for a semaphore: for more, for zero, with a long timeout; and a ping-pong. */
#include "ipc.h"

static int id;

static void wait_for(int number, int op, const struct timespec *timeout)
{
	struct sembuf b = { number, op, 0 };

	CHECK(!semtimedop(id, &b, 1, timeout));
	_exit(0);
}

int main(int argc, char **argv)
{
	struct timespec long_time = { 100000, 0 };
	pid_t child[3], pong;
	int i;

	prog_init(argc, argv);
	id = ipc_sem(IPC_PRIVATE, 6, 0600);
	CHECK(!semctl(id, 1, SETVAL, 1));
	for (i = 0; i < 3; i++) {
		child[i] = prog_fork();
		if (!child[i])
			wait_for(i, i == 1 ? 0 : -5, i == 2 ? &long_time : NULL);
	}
	pong = prog_fork();
	if (!pong)
		for (;;) {
			CHECK(!ipc_semop(id, 4, -1, 0));
			CHECK(!ipc_semop(id, 5, 1, 0));
		}
	prog_ready();
	do {
		CHECK(!ipc_semop(id, 4, 1, 0));
		CHECK(!ipc_semop(id, 5, -1, 0));
		prog_nap_ms(1);
	} while (!prog_done());
	for (i = 0; i < 100 && semctl(id, 0, GETNCNT) != 1; i++)
		prog_nap();
	CHECK_EQ(semctl(id, 0, GETNCNT), 1);
	CHECK_EQ(semctl(id, 1, GETZCNT), 1);
	CHECK(!ipc_semop(id, 0, 5, 0));
	CHECK(!ipc_semop(id, 1, -1, 0));
	CHECK(!ipc_semop(id, 2, 5, 0));
	for (i = 0; i < 3; i++)
		prog_reap(child[i]);
	ipc_kill(pong);
	CHECK(!semctl(id, 0, IPC_RMID));
	prog_pass();
}
