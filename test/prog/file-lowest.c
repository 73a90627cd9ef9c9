// SPDX-License-Identifier: Apache-2.0
/*
 * A new descriptor is the lowest that is free, whenever a checkpoint comes: none is taken while
 * threads of the program run. One thread asks for checkpoints, and that takes none either.
 */
#include <cairn/cairn.h>

#include "prog.h"

#define IDLE 8
#define CHECKPOINTS 20

static _Atomic bool over, racing;
static int slot;

static void *idle(void *unused)
{
	while (!over)
		usleep(20000);
	return NULL;
}

static void *race(void *unused)
{
	while (!over) {
		int fd;

		CHECK_EQ(close(slot), 0);
		fd = open("/dev/null", O_WRONLY);
		CHECK_EQ(fd, slot);
		racing = true;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[IDLE + 1];
	int i;

	prog_init(argc, argv);
	slot = open("/dev/null", O_WRONLY);
	CHECK(slot >= 0);
	for (i = 0; i < IDLE; i++)
		prog_thread(&t[i], idle, NULL);
	prog_thread(&t[i], race, NULL);
	while (!racing)
		prog_nap();
	for (i = 0; i < CHECKPOINTS && cairn_restarts() >= 0; i++)
		CHECK(cairn_checkpoint() >= 0);
	/* Marks are files: they would be in the way. */
	over = true;
	pthread_join(t[IDLE], NULL);
	over = false;
	prog_ready();
	prog_thread(&t[IDLE], race, NULL);
	prog_wait();
	over = true;
	for (i = 0; i <= IDLE; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
