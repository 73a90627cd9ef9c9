// SPDX-License-Identifier: Apache-2.0
/* One file open by two of its names is one file. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b, c;
	char buf[8];
	int one, two, lost;

	prog_init(argc, argv);
	one = prog_file("one", 1000, 5, O_RDWR);
	CHECK(!link(prog_path("one"), prog_path("two")));
	CHECK(!link(prog_path("one"), prog_path("lost")));
	two = open(prog_path("two"), O_RDONLY);
	lost = open(prog_path("lost"), O_RDWR);
	CHECK(two >= 0 && lost >= 0 && !unlink(prog_path("lost")));
	prog_ready();
	prog_wait();
	CHECK(!fstat(one, &a) && !fstat(two, &b) && !fstat(lost, &c));
	CHECK(a.st_ino == b.st_ino && a.st_ino == c.st_ino && a.st_nlink == 2);
	CHECK_EQ(pwrite(lost, "both", 4, 10), 4);
	CHECK_EQ(pread(two, buf, 4, 10), 4);
	CHECK(!memcmp(buf, "both", 4) && !prog_has("lost"));
	prog_pass();
}
