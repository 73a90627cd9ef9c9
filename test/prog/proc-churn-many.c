// SPDX-License-Identifier: Apache-2.0
/* Four processes each fork and wait for grandchildren that live a moment and overlap. */
#include "prog.h"

#define WORKERS 4
#define LIVE 3

static void work(void)
{
	pid_t kids[LIVE] = { 0 };
	int i, n = 0;

	while (!prog_done()) {
		i = n++ % LIVE;
		if (kids[i])
			prog_reap(kids[i]);
		kids[i] = prog_fork();
		if (!kids[i]) {
			prog_nap_ms(n % 5);
			_exit(0);
		}
	}
	for (i = 0; i < LIVE; i++)
		if (kids[i])
			prog_reap(kids[i]);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t kids[WORKERS];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < WORKERS; i++) {
		kids[i] = prog_fork();
		if (!kids[i])
			work();
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < WORKERS; i++)
		prog_reap(kids[i]);
	prog_pass();
}
