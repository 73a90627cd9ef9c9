// SPDX-License-Identifier: Apache-2.0
/* A job that makes its first objects only after a restart, or removes them all, goes on as well. */
#include "ipc.h"

int main(int argc, char **argv)
{
	char *p = NULL;
	int id = -1;

	prog_init(argc, argv);
	prog_ready();
	/* Never the same number of objects for long. */
	while (!prog_done()) {
		id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
		CHECK(id >= 0);
		p = shmat(id, NULL, 0);
		CHECK(p != (void *)-1);
		CHECK(!shmctl(id, IPC_RMID, NULL));
		prog_fill(p, PAGE, 1);
		prog_nap_ms(70);
		CHECK(prog_filled(p, PAGE, 1));
		CHECK(!shmdt(p));
		prog_nap_ms(70);
	}
	prog_pass();
}
