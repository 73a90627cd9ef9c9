// SPDX-License-Identifier: Apache-2.0
/* A shared mapping of a file: what is written to memory is in the file and the reverse. */
#include "prog.h"

#define LEN (32 * PAGE)

int main(int argc, char **argv)
{
	char byte, *mem;
	int fd, other;

	prog_init(argc, argv);
	fd = prog_file("data", LEN, 4, O_RDWR);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	mem[3 * PAGE] = 0x33;
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(mem[3 * PAGE], 0x33);
		prog_nap();
	}
	mem[5 * PAGE] = 0x44;
	other = open(prog_path("data"), O_RDWR);
	CHECK(other >= 0);
	CHECK(pread(other, &byte, 1, 5 * PAGE) == 1 && byte == 0x44);
	CHECK(pread(fd, &byte, 1, 3 * PAGE) == 1 && byte == 0x33);
	byte = 0x77;
	CHECK_EQ(pwrite(other, &byte, 1, 9 * PAGE), 1);
	CHECK_EQ(mem[9 * PAGE], 0x77);
	CHECK(prog_filled(mem, 3 * PAGE, 4));
	prog_pass();
}
