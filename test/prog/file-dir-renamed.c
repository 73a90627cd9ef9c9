// SPDX-License-Identifier: Apache-2.0
/* A file below a directory that has another name now, and the directory itself. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b;
	char buf[101];
	int fd, dir;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("old"), 0755));
	fd = prog_file("old/file", 100, 1, O_RDWR);
	dir = open(prog_path("old"), O_RDONLY | O_DIRECTORY);
	CHECK(!chdir(prog_path("old")) && !rename(prog_path("old"), prog_path("new")));
	prog_ready();
	prog_wait();
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 100);
	CHECK(!fstat(fd, &a) && !stat("file", &b) && a.st_ino == b.st_ino);
	CHECK(!fstatat(dir, "file", &b, 0) && a.st_ino == b.st_ino);
	CHECK(!prog_has("old") && prog_has("new/file"));
	prog_pass();
}
