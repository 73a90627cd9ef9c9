// SPDX-License-Identifier: Apache-2.0
/* Many objects of a namespace that has seen many: ids of later rounds, at high places. */
#include "ipc.h"

#define N 100
#define GONE 3000

int main(int argc, char **argv)
{
	int sem[N], msg[N], i;
	struct msqid_ds q;

	prog_init(argc, argv);
	for (i = 0; i < GONE; i++) {
		int s = semget(IPC_PRIVATE, 1, 0600), m = msgget(IPC_PRIVATE, 0600);

		CHECK(s >= 0 && !semctl(s, 0, IPC_RMID));
		CHECK(m >= 0 && !msgctl(m, IPC_RMID, NULL));
	}
	for (i = 0; i < N; i++) {
		sem[i] = ipc_sem(IPC_PRIVATE, 1, 0600);
		msg[i] = ipc_msg(IPC_PRIVATE, 0600);
		CHECK(!semctl(sem[i], 0, SETVAL, i));
	}
	/* Only some at the top are left. */
	for (i = 0; i < N - 10; i++) {
		CHECK(!semctl(sem[i], 0, IPC_RMID));
		CHECK(i % 2 || !msgctl(msg[i], IPC_RMID, NULL));
	}
	prog_ready();
	prog_wait();
	for (i = N - 10; i < N; i++) {
		CHECK_EQ(semctl(sem[i], 0, GETVAL), i);
		CHECK(!semctl(sem[i], 0, IPC_RMID));
	}
	for (i = 0; i < N; i++)
		if (i % 2 || i >= N - 10)
			CHECK(!msgctl(msg[i], IPC_STAT, &q) && !msgctl(msg[i], IPC_RMID, NULL));
	prog_pass();
}
