// SPDX-License-Identifier: Apache-2.0
/* A private mapping of a file: changed pages are the program's, others the file's. */
#include "prog.h"

#define LEN (64 * PAGE)

static char *mem, *want;

static void check(void)
{
	CHECK(!memcmp(mem, want, LEN));
}

int main(int argc, char **argv)
{
	int fd, i;

	prog_init(argc, argv);
	fd = prog_file("data", LEN, 3, O_RDONLY);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	want = malloc(LEN);
	prog_fill(want, LEN, 3);
	for (i = 0; i < 64; i += 7) {
		prog_fill(mem + i * PAGE, PAGE, 100 + i);
		memcpy(want + i * PAGE, mem + i * PAGE, PAGE);
	}
	close(fd);
	prog_ready();
	prog_watch(check);
	fd = open(prog_path("data"), O_RDONLY);
	CHECK_EQ(read(fd, mem, LEN), LEN);
	CHECK(prog_filled(mem, LEN, 3));
	prog_pass();
}
