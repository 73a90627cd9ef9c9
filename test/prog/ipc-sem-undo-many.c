// SPDX-License-Identifier: Apache-2.0
/* Two processes undo different things of one large set; one has executed another program. */
#include "ipc.h"

#define N 400

static int undone(int who, int i)
{
	return prog_noise(who * 1000 + i) % 3 ? 0 : (int)(prog_noise(who * 7777 + i) % 41) - 20;
}

static void change(int id, int who)
{
	int i;

	for (i = 0; i < N; i++)
		if (undone(who, i))
			CHECK(!ipc_semop(id, i, -undone(who, i), SEM_UNDO));
}

int main(int argc, char **argv)
{
	unsigned short values[N];
	union semun arg = { .array = values };
	char text[16];
	pid_t child[2];
	int id, i;

	prog_init(argc, argv);
	if (argc > 2) {
		prog_mark("executed");
		for (;;)
			pause();
	}
	id = ipc_sem(IPC_PRIVATE, N, 0600);
	for (i = 0; i < N; i++)
		values[i] = 1000;
	CHECK(!semctl(id, 0, SETALL, arg));
	for (i = 0; i < 2; i++) {
		child[i] = prog_fork();
		if (child[i])
			continue;
		change(id, i);
		snprintf(text, sizeof(text), "changed%d", i);
		prog_mark(text);
		if (i)
			execl("/proc/self/exe", argv[0], argv[1], "again", NULL);
		for (;;)
			pause();
	}
	prog_await("changed0");
	prog_await("executed");
	prog_ready();
	prog_wait();
	CHECK(!semctl(id, 0, GETALL, arg));
	for (i = 0; i < N; i++)
		CHECK_EQ(values[i], 1000 - undone(0, i) - undone(1, i));
	ipc_kill(child[1]);
	CHECK(!semctl(id, 0, GETALL, arg));
	for (i = 0; i < N; i++)
		CHECK_EQ(values[i], 1000 - undone(0, i));
	ipc_kill(child[0]);
	CHECK(!semctl(id, 0, GETALL, arg));
	for (i = 0; i < N; i++)
		CHECK_EQ(values[i], 1000);
	CHECK(!semctl(id, 0, IPC_RMID));
	prog_pass();
}
