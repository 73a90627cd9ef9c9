// SPDX-License-Identifier: Apache-2.0
/*
 * A program that knows of its checkpoints: it makes one after each step of its work, and keeps them
 * away while it is half-way between a file and its journal.
 *
 *     cc $(pkg-config --cflags cairn) api.c -o api
 *     crlaunch -n api -- ./api 10
 *
 * Without Cairn it does the same work, and no checkpoints.
 */
#include <cairn/cairn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Two files that must agree: no checkpoint falls between them. */
static void note(int step)
{
	FILE *f;

	cairn_disable();
	f = fopen("api.result", "w");
	if (f) {
		fprintf(f, "%d\n", step);
		fclose(f);
	}
	f = fopen("api.journal", "a");
	if (f) {
		fprintf(f, "step %d done\n", step);
		fclose(f);
	}
	cairn_enable();
}

static void checkpoint(int step)
{
	struct cairn_job_info job = { .size = sizeof(job) };

	switch (cairn_checkpoint()) {
	case CAIRN_SAVED:
		cairn_job(&job);
		printf("step %d: checkpoint %u\n", step, job.checkpoint);
		break;
	case CAIRN_RESTARTED:
		/* Here one would open again what is not in a checkpoint. */
		printf("step %d: restarted, for the %d. time\n", step, cairn_restarts());
		break;
	default:
		printf("step %d: no checkpoint: %s\n", step, cairn_error());
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int steps = argc > 1 ? atoi(argv[1]) : 10, i;

	for (i = 1; i <= steps; i++) {
		sleep(1); /* the work */
		note(i);
		checkpoint(i);
	}
	return 0;
}
