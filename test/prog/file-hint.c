// SPDX-License-Identifier: Apache-2.0
/* A hint of how long what is written will live stays with the file. */
#include "prog.h"

int main(int argc, char **argv)
{
	uint64_t hint = 3, got = 0, kept = 0;
	int fd, gone;

	prog_init(argc, argv);
	fd = prog_file("f", 10, 1, O_RDWR);
	gone = prog_file("g", 10, 1, O_RDWR);
	CHECK(!unlink(prog_path("g")));
	if (fcntl(fd, F_SET_RW_HINT, &hint) || fcntl(gone, F_SET_RW_HINT, &hint))
		prog_skip("no write hints here");
	prog_ready();
	prog_wait();
	CHECK(!fcntl(gone, F_GET_RW_HINT, &got) && got == hint);
	CHECK(!fcntl(fd, F_GET_RW_HINT, &kept) && kept == hint);
	prog_pass();
}
