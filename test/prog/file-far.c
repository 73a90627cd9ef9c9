// SPDX-License-Identifier: Apache-2.0
/* Offsets and content behind 4 GiB, in a file that is there and one that is not. */
#include "prog.h"

#define FAR (5ll << 30)

int main(int argc, char **argv)
{
	struct stat st;
	char buf[8];
	int gone, there, i;

	prog_init(argc, argv);
	gone = open(prog_path("gone"), O_RDWR | O_CREAT, 0600);
	there = open(prog_path("there"), O_RDWR | O_CREAT, 0600);
	CHECK(gone >= 0 && there >= 0 && !unlink(prog_path("gone")));
	for (i = 0; i < 2; i++) {
		CHECK_EQ(lseek(i ? there : gone, FAR, SEEK_SET), FAR);
		CHECK_EQ(write(i ? there : gone, "far", 3), 3);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 2; i++) {
		CHECK_EQ(lseek(i ? there : gone, 0, SEEK_CUR), FAR + 3);
		CHECK(!fstat(i ? there : gone, &st) && st.st_size == FAR + 3);
		CHECK(st.st_blocks < 1000);
		CHECK_EQ(pread(i ? there : gone, buf, 8, FAR), 3);
		CHECK(!memcmp(buf, "far", 3));
	}
	prog_pass();
}
