// SPDX-License-Identifier: Apache-2.0
/* Ids with gaps between them, of all three kinds; what is made later gets another. */
#include "ipc.h"

#define N 12

int main(int argc, char **argv)
{
	int shm[N], sem[N], msg[N], i, k;
	struct shmid_ds ds;

	prog_init(argc, argv);
	for (i = 0; i < N; i++) {
		shm[i] = ipc_shm(IPC_PRIVATE, PAGE, 0600);
		sem[i] = ipc_sem(IPC_PRIVATE, 1, 0600);
		msg[i] = ipc_msg(IPC_PRIVATE, 0600);
		CHECK(!semctl(sem[i], 0, SETVAL, i + 1));
	}
	for (i = 0; i < N; i += 3) {
		CHECK(!shmctl(shm[i], IPC_RMID, NULL));
		CHECK(!semctl(sem[i], 0, IPC_RMID));
		CHECK(!msgctl(msg[i], IPC_RMID, NULL));
	}
	/* In place of some of those, with another sequence number. */
	for (i = 0; i < N / 2; i += 3) {
		shm[i] = ipc_shm(IPC_PRIVATE, 2 * PAGE, 0600);
		sem[i] = ipc_sem(IPC_PRIVATE, 2, 0600);
		msg[i] = ipc_msg(IPC_PRIVATE, 0600);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < N; i++) {
		struct msqid_ds q;

		if (i >= N / 2 && i % 3 == 0) {
			CHECK(shmctl(shm[i], IPC_STAT, &ds) < 0);
			continue;
		}
		CHECK(!shmctl(shm[i], IPC_STAT, &ds));
		CHECK_EQ(ds.shm_segsz, (i % 3 ? PAGE : 2 * PAGE));
		CHECK_EQ(semctl(sem[i], 0, GETVAL), (i % 3 ? i + 1 : 0));
		CHECK(!msgctl(msg[i], IPC_STAT, &q));
	}
	k = shmget(IPC_PRIVATE, PAGE, 0600);
	for (i = 0; i < N; i++)
		CHECK(k != shm[i] || (i >= N / 2 && i % 3 == 0));
	CHECK(!shmctl(k, IPC_RMID, NULL));
	for (i = 0; i < N; i++) {
		if (i >= N / 2 && i % 3 == 0)
			continue;
		CHECK(!shmctl(shm[i], IPC_RMID, NULL));
		CHECK(!semctl(sem[i], 0, IPC_RMID));
		CHECK(!msgctl(msg[i], IPC_RMID, NULL));
	}
	prog_pass();
}
