// SPDX-License-Identifier: Apache-2.0
/* SEM_UNDO: what a process took comes back when it ends, and what it gave goes. */
#include "ipc.h"

#define N 5

int main(int argc, char **argv)
{
	static const int first[N] = { 10, 0, 32767, 100, 50 };
	/* What the child does to each; -30000 and 30000 go near the ends of the range. */
	static const int change[N] = { -3, 4, -30000, 30000, 1 };
	unsigned short values[N];
	union semun arg = { .array = values };
	pid_t child;
	int id, i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		values[i] = first[i];
	id = ipc_sem(IPC_PRIVATE, N, 0600);
	CHECK(!semctl(id, 0, SETALL, arg));
	child = prog_fork();
	if (!child) {
		for (i = 0; i < N; i++)
			CHECK(!ipc_semop(id, i, change[i], SEM_UNDO));
		/* Not to be undone. */
		CHECK(!ipc_semop(id, 0, -2, 0));
		/* Done and taken back. */
		CHECK(!ipc_semop(id, 4, -1, SEM_UNDO));
		prog_mark("changed");
		for (;;)
			pause();
	}
	prog_await("changed");
	prog_ready();
	prog_wait();
	CHECK(!semctl(id, 0, GETALL, arg));
	for (i = 0; i < N - 1; i++)
		CHECK_EQ(values[i], first[i] + change[i] - (i ? 0 : 2));
	CHECK_EQ(values[4], 50);
	ipc_kill(child);
	CHECK(!semctl(id, 0, GETALL, arg));
	for (i = 0; i < N; i++)
		CHECK_EQ(values[i], first[i] - (i ? 0 : 2));
	CHECK(!semctl(id, 0, IPC_RMID));
	prog_pass();
}
