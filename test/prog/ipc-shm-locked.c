// SPDX-License-Identifier: Apache-2.0
/* A segment that SHM_LOCK keeps in memory. */
#include "ipc.h"

int main(int argc, char **argv)
{
	struct shmid_ds ds;
	char *p;
	int id;

	prog_init(argc, argv);
	id = ipc_shm(IPC_PRIVATE, 4 * PAGE, 0600);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	if (shmctl(id, SHM_LOCK, NULL)) {
		shmctl(id, IPC_RMID, NULL);
		prog_skip("no memory may be locked here");
	}
	prog_fill(p, 4 * PAGE, 4);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(p, 4 * PAGE, 4));
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_perm.mode, 0600 | SHM_LOCKED);
	CHECK(!shmctl(id, SHM_UNLOCK, NULL));
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
