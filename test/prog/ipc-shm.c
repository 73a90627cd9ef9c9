// SPDX-License-Identifier: Apache-2.0
/* A SysV segment that two processes have attached: id, key, mode, content, writes of each other. */
#include "ipc.h"

#define SIZE (300 * 1024 + 100)

int main(int argc, char **argv)
{
	struct shmid_ds ds;
	key_t key = ipc_key(0);
	char *p;
	int id;
	pid_t child;

	prog_init(argc, argv);
	id = ipc_shm(key, SIZE, 0640);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	prog_fill(p + 4096, SIZE - 4096, 1);
	child = prog_fork();
	if (!child) {
		volatile unsigned long *n = (void *)p;

		while (!prog_done()) {
			n[1] = n[0];
			prog_nap();
		}
		while (n[0] != 12345)
			prog_nap();
		n[1] = 12345;
		CHECK(prog_filled(p + 4096, SIZE - 4096, 1));
		_exit(0);
	}
	volatile unsigned long *n = (void *)p;
	unsigned long i;

	prog_ready();
	for (i = 1; !prog_done(); i++) {
		n[0] = i;
		while (n[1] != i && !prog_done())
			prog_nap();
	}
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 2);
	CHECK_EQ(ds.shm_segsz, SIZE);
	CHECK_EQ(ds.shm_perm.mode, 0640);
	CHECK_EQ(ds.shm_perm.__key, key);
	CHECK_EQ(ds.shm_perm.uid, getuid());
	CHECK_EQ(ds.shm_cpid, getpid());
	CHECK_EQ(shmget(key, 0, 0), id);
	n[0] = 12345;
	prog_reap(child);
	CHECK_EQ(n[1], 12345);
	CHECK(prog_filled(p + 4096, SIZE - 4096, 1));
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 1);
	CHECK(!shmdt(p));
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
