// SPDX-License-Identifier: Apache-2.0
/* Files of /sys are opened again, at their offset. */
#include "prog.h"

int main(int argc, char **argv)
{
	char first[64], second[64];
	ssize_t n;
	int fd;

	prog_init(argc, argv);
	fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
	if (fd < 0)
		prog_skip("no /sys here");
	n = read(fd, first, sizeof(first));
	CHECK(n > 10 && lseek(fd, 5, SEEK_SET) == 5);
	prog_ready();
	prog_wait();
	CHECK_EQ(read(fd, second, sizeof(second)), n - 5);
	prog_pass();
}
