// SPDX-License-Identifier: Apache-2.0
/* SysV semaphores: id, key, mode, every value, and who operated each last. */
#include "ipc.h"

#define N 300

int main(int argc, char **argv)
{
	unsigned short values[N];
	struct semid_ds ds;
	union semun arg = { .array = values };
	key_t key = ipc_key(0);
	pid_t child;
	int id, i;

	prog_init(argc, argv);
	id = ipc_sem(key, N, 0620);
	for (i = 0; i < N; i++)
		values[i] = i == 7 ? 32767 : prog_noise(i) % 1000;
	CHECK(!semctl(id, 0, SETALL, arg));
	child = prog_fork();
	if (!child) {
		CHECK(!ipc_semop(id, 3, 5, 0));
		CHECK(!ipc_semop(id, 7, -7, 0));
		_exit(0);
	}
	prog_reap(child);
	CHECK(!ipc_semop(id, 4, 1, 0));
	prog_ready();
	prog_wait();
	memset(values, 0xee, sizeof(values));
	CHECK(!semctl(id, 0, GETALL, arg));
	CHECK_EQ(values[7], 32760);
	for (i = 0; i < N; i++)
		if (i != 7)
			CHECK_EQ(values[i], prog_noise(i) % 1000 + (i == 3 ? 5 : i == 4));
	CHECK_EQ(semctl(id, 3, GETPID), child);
	CHECK_EQ(semctl(id, 7, GETPID), child);
	CHECK_EQ(semctl(id, 4, GETPID), getpid());
	CHECK_EQ(semctl(id, N - 1, GETPID), getpid());
	arg.buf = &ds;
	CHECK(!semctl(id, 0, IPC_STAT, arg));
	CHECK_EQ(ds.sem_nsems, N);
	CHECK_EQ(ds.sem_perm.mode, 0620);
	CHECK(ds.sem_otime);
	CHECK_EQ(semget(key, 0, 0), id);
	CHECK(!semctl(id, 0, IPC_RMID));
	prog_pass();
}
