// SPDX-License-Identifier: Apache-2.0
/* One segment attached twice, at chosen addresses: for writing, and read-only for good. */
#include "ipc.h"

#define RW ((char *)0x200000000000)
#define RO ((char *)0x210000000000)

int main(int argc, char **argv)
{
	struct shmid_ds ds;
	int id;

	prog_init(argc, argv);
	id = ipc_shm(IPC_PRIVATE, 4 * PAGE, 0600);
	CHECK_EQ(shmat(id, RW, 0), RW);
	CHECK_EQ(shmat(id, RO + 123, SHM_RDONLY | SHM_RND), RO);
	prog_fill(RW, 4 * PAGE, 3);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(RO, 4 * PAGE, 3));
	RW[9] = 'y';
	CHECK_EQ(RO[9], 'y');
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 2);
	CHECK(mprotect(RO, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES);
	CHECK(!mprotect(RW, PAGE, PROT_READ));
	CHECK(!mprotect(RW, PAGE, PROT_READ | PROT_WRITE));
	CHECK(!shmdt(RO));
	CHECK(!shmdt(RW));
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 0);
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
