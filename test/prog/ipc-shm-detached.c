// SPDX-License-Identifier: Apache-2.0
/* Segments that nobody has attached: one with content, one never touched, one of a dead maker. */
#include "ipc.h"

#define SIZE (100 * PAGE)

static key_t key;

static void make(int n, int pages)
{
	int id = ipc_shm(key + n, SIZE, 0600);
	char *p = shmat(id, NULL, 0);

	CHECK(p != (void *)-1);
	if (pages)
		prog_fill(p + 50 * PAGE, pages * PAGE, n);
	CHECK(!shmdt(p));
}

static void check(int n, int pages)
{
	int id = shmget(key + n, SIZE, 0);
	struct shmid_ds ds;
	char *p;

	CHECK(id >= 0);
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 0);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	CHECK(prog_zero(p, 50 * PAGE));
	CHECK(prog_filled(p + 50 * PAGE, pages * PAGE, n));
	CHECK(prog_zero(p + (50 + pages) * PAGE, (50 - pages) * PAGE));
	CHECK(!shmdt(p));
	CHECK(!shmctl(id, IPC_RMID, NULL));
}

int main(int argc, char **argv)
{
	pid_t child;

	prog_init(argc, argv);
	key = ipc_key(0);
	make(0, 20);
	make(2, 0);
	child = prog_fork();
	if (!child) {
		make(4, 7);
		_exit(0);
	}
	prog_reap(child);
	prog_ready();
	prog_wait();
	check(0, 20);
	check(2, 0);
	check(4, 7);
	prog_pass();
}
