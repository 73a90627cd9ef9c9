// SPDX-License-Identifier: Apache-2.0
/* A shared mapping of a file that was cut and grown again. */
#include "prog.h"

int main(int argc, char **argv)
{
	unsigned char *map;
	struct stat st;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("f", 8 * PAGE, 1, O_RDWR);
	map = prog_map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	map[7 * PAGE] = 1;
	CHECK(!ftruncate(fd, 2 * PAGE + 10) && !ftruncate(fd, 6 * PAGE));
	map[4 * PAGE] = 'd';
	prog_ready();
	prog_wait();
	CHECK(!fstat(fd, &st) && st.st_size == 6 * (off_t)PAGE);
	CHECK(prog_filled(map, 2 * PAGE + 10, 1));
	CHECK(prog_zero(map + 2 * PAGE + 10, 2 * PAGE - 10));
	CHECK_EQ(map[4 * PAGE], 'd');
	map[PAGE] = 'e';
	CHECK(pread(fd, map + 3 * PAGE, 1, PAGE) == 1 && map[3 * PAGE] == 'e');
	prog_pass();
}
