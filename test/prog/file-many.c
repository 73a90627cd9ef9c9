// SPDX-License-Identifier: Apache-2.0
/* So many files, each with its own offset; how many is for fd-room.sh to say. */
#include "prog.h"

int main(int argc, char **argv)
{
	const char *many = getenv("FILES");
	int n = many ? atoi(many) : 100, i, *fds = calloc(n, sizeof(*fds));
	char name[32], c;

	prog_init(argc, argv);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fds[i] = prog_file(name, 300, i, O_RDONLY);
		CHECK_EQ(lseek(fds[i], i % 256, SEEK_SET), i % 256);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < n; i++) {
		CHECK_EQ(lseek(fds[i], 0, SEEK_CUR), i % 256);
		CHECK_EQ(read(fds[i], &c, 1), 1);
	}
	prog_pass();
}
