// SPDX-License-Identifier: Apache-2.0
/* How many have a segment attached never changes, not even while a checkpoint is being written. */
#include "ipc.h"

static int id;

static void check(void)
{
	struct shmid_ds ds;

	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 3);
}

int main(int argc, char **argv)
{
	pid_t child[2];
	char *p, *big = prog_map(64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int i;

	prog_init(argc, argv);
	/* So that a checkpoint takes its time. */
	prog_fill(big, 64 << 20, 2);
	id = ipc_shm(IPC_PRIVATE, PAGE, 0600);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	for (i = 0; i < 2; i++) {
		child[i] = prog_fork();
		if (!child[i]) {
			prog_wait();
			prog_await("counted");
			_exit(0);
		}
	}
	prog_ready();
	while (!prog_done()) {
		check();
		prog_nap_ms(1);
	}
	check();
	prog_mark("counted");
	for (i = 0; i < 2; i++)
		prog_reap(child[i]);
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
