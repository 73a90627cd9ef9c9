// SPDX-License-Identifier: Apache-2.0
/* A working directory deep in a removed tree still has the directories above it. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat up, above;
	int top, file;
	char buf[8];

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("a"), 0755) && !mkdir(prog_path("a/b"), 0755));
	CHECK(!mkdir(prog_path("a/b/c"), 0755) && !chdir(prog_path("a/b/c")));
	top = open(prog_path("a/b"), O_RDONLY | O_DIRECTORY);
	file = prog_file("a/b/c/file", 0, 1, O_RDWR);
	CHECK(top >= 0 && file >= 0);
	CHECK_EQ(write(file, "inside", 6), 6);
	CHECK(!unlink("file") && !rmdir(prog_path("a/b/c")) && !rmdir(prog_path("a/b")));
	CHECK(!rmdir(prog_path("a")));
	prog_ready();
	prog_wait();
	CHECK(!stat("..", &up) && !fstat(top, &above));
	CHECK_EQ(up.st_ino, above.st_ino);
	CHECK_EQ(pread(file, buf, sizeof(buf), 0), 6);
	CHECK(!memcmp(buf, "inside", 6));
	CHECK(!prog_has("a"));
	prog_pass();
}
