// SPDX-License-Identifier: Apache-2.0
/* A file whose name was taken by another one stays itself, and the other untouched. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[1001];
	struct stat st;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("name", 1000, 6, O_RDWR);
	close(prog_file("new", 500, 7, O_RDONLY));
	CHECK(!rename(prog_path("new"), prog_path("name")));
	prog_ready();
	prog_wait();
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 1000);
	CHECK(prog_filled(buf, 1000, 6));
	CHECK(!fstat(fd, &st) && st.st_nlink == 0);
	CHECK_EQ(pwrite(fd, "old", 3, 0), 3);
	CHECK_EQ(prog_slurp(prog_path("name"), buf, sizeof(buf)), 500);
	CHECK(prog_filled(buf, 500, 7));
	prog_pass();
}
