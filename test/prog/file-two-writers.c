// SPDX-License-Identifier: Apache-2.0
/* Two processes write through one shared descriptor; every record is there and whole. */
#include "prog.h"

#define LINES 200

static void half(int fd, char who, int from)
{
	char line[32];
	int i;

	for (i = from; i < from + LINES; i++) {
		snprintf(line, sizeof(line), "%c %05d\n", who, i);
		CHECK_EQ(write(fd, line, 8), 8);
	}
}

int main(int argc, char **argv)
{
	char who, line[32];
	int fd, n, next[2] = { 0, 0 };
	FILE *f;
	pid_t pid;

	prog_init(argc, argv);
	fd = prog_file("data", 0, 0, O_WRONLY);
	pid = prog_fork();
	if (!pid) {
		half(fd, 'b', 0);
		prog_mark("up");
		prog_wait();
		half(fd, 'b', LINES);
		_exit(0);
	}
	half(fd, 'a', 0);
	prog_await("up");
	prog_ready();
	prog_wait();
	half(fd, 'a', LINES);
	prog_reap(pid);
	f = fopen(prog_path("data"), "r");
	while (fgets(line, sizeof(line), f)) {
		CHECK(sscanf(line, "%c %d", &who, &n) == 2);
		CHECK_EQ(n, next[who - 'a']++);
	}
	CHECK_EQ(next[0], 2 * LINES);
	CHECK_EQ(next[1], 2 * LINES);
	prog_pass();
}
