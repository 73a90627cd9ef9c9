// SPDX-License-Identifier: Apache-2.0
/* A file opened through a symbolic link, which leads elsewhere now, and through /proc. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[101], path[64];
	int fd, again;

	prog_init(argc, argv);
	close(prog_file("a", 100, 1, O_RDONLY));
	close(prog_file("b", 100, 2, O_RDONLY));
	CHECK(!symlink("a", prog_path("link")));
	fd = open(prog_path("link"), O_RDWR);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY);
	CHECK(fd >= 0 && again >= 0 && lseek(again, 30, SEEK_SET) == 30);
	CHECK(!unlink(prog_path("link")) && !symlink("b", prog_path("link")));
	prog_ready();
	prog_wait();
	CHECK_EQ(read(fd, buf, 100), 100);
	CHECK(prog_filled(buf, 100, 1));
	CHECK_EQ(read(again, buf, 100), 70);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 100);
	prog_pass();
}
