// SPDX-License-Identifier: Apache-2.0
/* A file that lost the name it was opened by, but has another, stays that file. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b;
	char buf[300];
	int fd, sub;

	prog_init(argc, argv);
	fd = prog_file("first", 200, 3, O_RDWR);
	sub = prog_file("third", 100, 4, O_RDWR);
	CHECK(!link(prog_path("first"), prog_path("second")) && !unlink(prog_path("first")));
	CHECK(!mkdir(prog_path("sub"), 0755) && !link(prog_path("third"), prog_path("sub/x")));
	CHECK(!unlink(prog_path("third")));
	CHECK_EQ(lseek(fd, 200, SEEK_SET), 200);
	prog_ready();
	prog_wait();
	CHECK(!fstat(fd, &a) && !stat(prog_path("second"), &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_nlink == 1);
	CHECK(!fstat(sub, &a) && !stat(prog_path("sub/x"), &b));
	CHECK(a.st_ino == b.st_ino && a.st_nlink == 1);
	CHECK(!prog_has("first") && !prog_has("third"));
	CHECK_EQ(write(fd, "more", 4), 4);
	CHECK_EQ(prog_slurp(prog_path("second"), buf, sizeof(buf)), 204);
	CHECK(prog_filled(buf, 200, 3) && !memcmp(buf + 200, "more", 4));
	prog_pass();
}
