// SPDX-License-Identifier: Apache-2.0
/* Three hundred processes at a time, born and gone all the while, some of them orphans. */
#include "prog.h"

#define WORKERS 12
#define LIVE 30

/* Lives for a moment; every fourth leaves a child to whoever adopts it. */
static void brief(int n)
{
	if (n % 4 == 0 && !prog_fork()) {
		prog_nap_ms(20 + n % 30);
		_exit(0);
	}
	prog_nap_ms(150 + n * 7 % 300);
	_exit(n % 100);
}

static void work(int seed)
{
	pid_t kids[LIVE] = { 0 };
	int i, n = seed, status;

	while (!prog_done()) {
		i = n++ % LIVE;
		if (kids[i]) {
			CHECK_EQ(waitpid(kids[i], &status, 0), kids[i]);
			CHECK(WIFEXITED(status));
		}
		kids[i] = prog_fork();
		if (!kids[i])
			brief(n);
	}
	for (i = 0; i < LIVE; i++)
		if (kids[i])
			CHECK_EQ(waitpid(kids[i], &status, 0), kids[i]);
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
			work(i * 13);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < WORKERS; i++)
		prog_reap(kids[i]);
	prog_pass();
}
