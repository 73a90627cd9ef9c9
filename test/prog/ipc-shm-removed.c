// SPDX-License-Identifier: Apache-2.0
/* A segment that was removed while attached lives until the last detaches, then it is gone. */
#include "ipc.h"

int main(int argc, char **argv)
{
	struct shmid_ds ds;
	char *p, *q;
	int id;

	prog_init(argc, argv);
	id = ipc_shm(ipc_key(0), 8 * PAGE, 0600);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	prog_fill(p, 8 * PAGE, 5);
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_ready();
	prog_wait();
	CHECK(prog_filled(p, 8 * PAGE, 5));
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_perm.__key, IPC_PRIVATE);
	CHECK(ds.shm_perm.mode & SHM_DEST);
	CHECK_EQ(ds.shm_nattch, 1);
	/* Linux lets it be attached as long as it is there. */
	q = shmat(id, NULL, 0);
	CHECK(q != (void *)-1);
	q[7] = 'x';
	CHECK_EQ(p[7], 'x');
	CHECK(!shmdt(p));
	CHECK_EQ(q[7], 'x');
	CHECK(!shmdt(q));
	CHECK(shmctl(id, IPC_STAT, &ds) && (errno == EINVAL || errno == EIDRM));
	prog_pass();
}
