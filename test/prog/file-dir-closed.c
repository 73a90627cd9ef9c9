// SPDX-License-Identifier: Apache-2.0
/* A file, and the working directory, in a directory that lets nobody in now. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b;
	char buf[101];
	int fd, dir;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("shut"), 0700) && !mkdir(prog_path("shut/in"), 0700));
	fd = prog_file("shut/file", 100, 1, O_RDONLY);
	dir = open(prog_path("shut"), O_RDONLY | O_DIRECTORY);
	CHECK(!chdir(prog_path("shut/in")) && !chmod(prog_path("shut"), 0));
	prog_ready();
	prog_wait();
	CHECK_EQ(read(fd, buf, sizeof(buf)), 100);
	CHECK(prog_filled(buf, 100, 1));
	CHECK(!fchmod(dir, 0700));
	CHECK(!stat(".", &a) && !stat(prog_path("shut/in"), &b) && a.st_ino == b.st_ino);
	prog_pass();
}
