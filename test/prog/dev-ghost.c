// SPDX-License-Identifier: Apache-2.0
/* A device node that was removed, and another name for a device. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[16];
	int gone, own;

	prog_init(argc, argv);
	if (mknod(prog_path("zero"), S_IFCHR | 0666, (1 << 8) | 5) ||
	    mknod(prog_path("null"), S_IFCHR | 0666, (1 << 8) | 3))
		prog_skip("no device node to be made");
	gone = open(prog_path("zero"), O_RDWR);
	own = open(prog_path("null"), O_RDWR | O_APPEND);
	if (gone < 0 || own < 0)
		prog_skip("no device node to be opened");
	CHECK(!unlink(prog_path("zero")));
	prog_ready();
	prog_wait();
	CHECK(read(gone, buf, sizeof(buf)) == sizeof(buf) && prog_zero(buf, sizeof(buf)));
	CHECK_EQ(read(own, buf, sizeof(buf)), 0);
	CHECK(fcntl(own, F_GETFL) & O_APPEND);
	prog_pass();
}
