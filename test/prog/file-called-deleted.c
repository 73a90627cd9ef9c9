// SPDX-License-Identifier: Apache-2.0
/* A file whose name ends like what /proc says of deleted ones. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b;
	int fd, dir;

	prog_init(argc, argv);
	fd = prog_file("x (deleted)", 10, 1, O_RDWR);
	CHECK(!mkdir(prog_path("d (deleted)"), 0700));
	dir = open(prog_path("d (deleted)"), O_RDONLY);
	CHECK(dir >= 0 && !chdir(prog_path("d (deleted)")));
	prog_ready();
	prog_wait();
	CHECK(!fstat(fd, &a) && !stat(prog_path("x (deleted)"), &b) && a.st_ino == b.st_ino);
	CHECK(!fstat(dir, &a) && !stat(prog_path("d (deleted)"), &b) && a.st_ino == b.st_ino);
	CHECK(!stat(".", &a) && a.st_ino == b.st_ino);
	CHECK_EQ(pwrite(fd, "y", 1, 0), 1);
	prog_pass();
}
