// SPDX-License-Identifier: Apache-2.0
/* A file opened for reading and writing keeps content, offset, holes and length. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[512];
	struct stat st;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("data", 512, 3, O_RDWR);
	CHECK(!ftruncate(fd, 1 << 20));
	CHECK_EQ(pwrite(fd, "end", 3, (1 << 20) - 3), 3);
	CHECK_EQ(lseek(fd, 256, SEEK_SET), 256);
	prog_ready();
	prog_wait();
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 256);
	CHECK(!fstat(fd, &st));
	CHECK_EQ(st.st_size, 1 << 20);
	CHECK(st.st_blocks * 512 < 1 << 20);
	CHECK_EQ(pread(fd, buf, 512, 0), 512);
	CHECK(prog_filled(buf, 512, 3));
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 257);
	CHECK_EQ(pread(fd, buf, 3, (1 << 20) - 3), 3);
	CHECK(!memcmp(buf, "end", 3));
	prog_pass();
}
