// SPDX-License-Identifier: Apache-2.0
/* Named semaphores: two processes take turns; one that nobody waits for; opened again by name. */
#include "ipc.h"

#include <semaphore.h>

static char name[3][64];

static sem_t *make(int n, unsigned int value)
{
	char path[80];
	sem_t *s;

	snprintf(name[n], sizeof(name[n]), "/cairn-test-%d-%d", getpid(), n);
	snprintf(path, sizeof(path), "/dev/shm/sem.%s", name[n] + 1);
	ipc_note("file", path);
	s = sem_open(name[n], O_CREAT | O_EXCL, 0600, value);
	CHECK(s != SEM_FAILED);
	return s;
}

int main(int argc, char **argv)
{
	sem_t *ping, *pong, *kept, *again;
	unsigned long *n = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	unsigned long i;
	pid_t child;
	int value;

	prog_init(argc, argv);
	ping = make(0, 0);
	pong = make(1, 0);
	kept = make(2, 5);
	child = prog_fork();
	if (!child)
		for (;;) {
			CHECK(!sem_wait(ping));
			++*n;
			CHECK(!sem_post(pong));
		}
	CHECK(!sem_wait(kept));
	prog_ready();
	for (i = 1; !prog_done(); i++) {
		CHECK(!sem_post(ping));
		CHECK(!sem_wait(pong));
		CHECK_EQ(*n, i);
		if (i % 100 == 0)
			prog_nap();
	}
	CHECK(!sem_getvalue(kept, &value));
	CHECK_EQ(value, 4);
	again = sem_open(name[2], 0);
	CHECK(again != SEM_FAILED);
	CHECK(!sem_post(again));
	CHECK(!sem_getvalue(kept, &value));
	CHECK_EQ(value, 5);
	ipc_kill(child);
	for (i = 0; i < 3; i++)
		CHECK(!sem_unlink(name[i]));
	prog_pass();
}
