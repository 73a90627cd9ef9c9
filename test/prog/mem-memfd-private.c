// SPDX-License-Identifier: Apache-2.0
/* A memfd whose descriptor is closed, mapped privately with a few changed pages. */
#include "prog.h"

#define LEN (16 * PAGE)

int main(int argc, char **argv)
{
	char *shared, *private;
	int fd;

	prog_init(argc, argv);
	fd = memfd_create("both", 0);
	CHECK(fd >= 0 && !ftruncate(fd, LEN));
	shared = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	prog_fill(shared, LEN, 61);
	private = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	close(fd);
	prog_fill(private + 4 * PAGE, PAGE, 62);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(shared, LEN, 61));
	CHECK(prog_filled(private, 4 * PAGE, 61));
	CHECK(prog_filled(private + 4 * PAGE, PAGE, 62));
	/* Pages not changed so far still follow the object, as before. */
	shared[10 * PAGE] = 0x10;
	CHECK_EQ(private[10 * PAGE], 0x10);
	prog_pass();
}
