// SPDX-License-Identifier: Apache-2.0
/* Forty processes, each with memory of its own, are all there afterwards. */
#include "prog.h"

#define N 40

int main(int argc, char **argv)
{
	unsigned char *mem;
	pid_t kids[N];
	char name[32];
	int i;

	prog_init(argc, argv);
	mem = prog_map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < N; i++) {
		kids[i] = prog_fork();
		if (kids[i])
			continue;
		prog_fill(mem, 64 * PAGE, i);
		snprintf(name, sizeof(name), "up.%d", i);
		prog_mark(name);
		while (!prog_done())
			prog_nap_ms(50);
		CHECK(prog_filled(mem, 64 * PAGE, i));
		_exit(0);
	}
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "up.%d", i);
		prog_await(name);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < N; i++)
		prog_reap(kids[i]);
	prog_pass();
}
