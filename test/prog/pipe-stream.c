// SPDX-License-Identifier: Apache-2.0
/* A pipeline of processes passes numbers along without losing or repeating any. */
#include "prog.h"

static void xread(int fd, uint64_t *n)
{
	CHECK_EQ(read(fd, n, sizeof(*n)), sizeof(*n));
}

static void relay(int in, int out)
{
	uint64_t n, next = 0;

	do {
		xread(in, &n);
		CHECK(n == next++ || n == UINT64_MAX);
		CHECK_EQ(write(out, &n, sizeof(n)), sizeof(n));
	} while (n != UINT64_MAX);
	_exit(0);
}

int main(int argc, char **argv)
{
	int p[4][2], i;
	uint64_t n, end = UINT64_MAX, next = 0;
	pid_t kids[4];

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		CHECK(!pipe(p[i]));
	for (i = 0; i < 4; i++) {
		kids[i] = prog_fork();
		if (kids[i])
			continue;
		if (i < 3)
			relay(p[i][0], p[i + 1][1]);
		for (n = 0; !prog_done(); n++)
			CHECK_EQ(write(p[0][1], &n, sizeof(n)), sizeof(n));
		CHECK_EQ(write(p[0][1], &end, sizeof(end)), sizeof(end));
		_exit(0);
	}
	prog_ready();
	for (;;) {
		xread(p[3][0], &n);
		if (n == UINT64_MAX)
			break;
		CHECK_EQ(n, next++);
	}
	CHECK(next > 0);
	for (i = 0; i < 4; i++)
		prog_reap(kids[i]);
	prog_pass();
}
