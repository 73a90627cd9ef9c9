// SPDX-License-Identifier: Apache-2.0
/* A deleted file that is still open keeps its content, offset and private nature. */
#include "prog.h"

#define LEN 100000

int main(int argc, char **argv)
{
	static char buf[LEN];
	struct stat st;
	int fd, ro;

	prog_init(argc, argv);
	fd = prog_file("gone", LEN, 4, O_RDWR);
	ro = open(prog_path("gone"), O_RDONLY);
	CHECK(ro >= 0 && !unlink(prog_path("gone")));
	CHECK_EQ(lseek(fd, 777, SEEK_SET), 777);
	CHECK_EQ(lseek(ro, 888, SEEK_SET), 888);
	prog_ready();
	prog_wait();
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 777);
	CHECK_EQ(lseek(ro, 0, SEEK_CUR), 888);
	CHECK(!prog_has("gone"));
	CHECK(!fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_size, LEN);
	CHECK_EQ(pread(fd, buf, LEN, 0), LEN);
	CHECK(prog_filled(buf, LEN, 4));
	/* Two open files of the same deleted one. */
	CHECK_EQ(pwrite(fd, "zz", 2, 888), 2);
	CHECK_EQ(read(ro, buf, 2), 2);
	CHECK(!memcmp(buf, "zz", 2));
	CHECK(write(ro, "n", 1) == -1 && errno == EBADF);
	prog_pass();
}
