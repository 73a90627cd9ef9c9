// SPDX-License-Identifier: Apache-2.0
/* An attachment with a hole cut into it and a protected part; shmdt takes away all of it. */
#include "ipc.h"

int main(int argc, char **argv)
{
	struct shmid_ds ds;
	char *p, *q;
	unsigned char c;
	int id;

	prog_init(argc, argv);
	id = ipc_shm(IPC_PRIVATE, 16 * PAGE, 0600);
	p = shmat(id, NULL, 0);
	CHECK(p != (void *)-1);
	prog_fill(p, 16 * PAGE, 8);
	CHECK(!munmap(p + 4 * PAGE, 2 * PAGE));
	CHECK(!mprotect(p + 10 * PAGE, PAGE, PROT_NONE));
	prog_ready();
	prog_wait();
	CHECK(mincore(p + 4 * PAGE, PAGE, &c) && errno == ENOMEM);
	CHECK(!mprotect(p + 10 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	q = shmat(id, NULL, 0);
	CHECK(q != (void *)-1);
	CHECK(prog_filled(q, 16 * PAGE, 8));
	CHECK(!memcmp(p, q, 4 * PAGE));
	CHECK(!memcmp(p + 6 * PAGE, q + 6 * PAGE, 10 * PAGE));
	p[6 * PAGE] ^= 1;
	CHECK_EQ(p[6 * PAGE], q[6 * PAGE]);
	CHECK(!shmdt(q));
	CHECK(!shmdt(p));
	CHECK(mincore(p + 8 * PAGE, PAGE, &c) && errno == ENOMEM);
	CHECK(!shmctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.shm_nattch, 0);
	CHECK(!shmctl(id, IPC_RMID, NULL));
	prog_pass();
}
