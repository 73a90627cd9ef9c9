// SPDX-License-Identifier: Apache-2.0
/* O_PATH descriptors of a file, a directory and a symbolic link stay what they are. */
#include "prog.h"

int main(int argc, char **argv)
{
	int file, dir, link, fd;
	char buf[64];
	struct stat st;

	prog_init(argc, argv);
	close(prog_file("f", 50, 1, O_RDONLY));
	CHECK(!symlink("f", prog_path("l")));
	file = open(prog_path("f"), O_PATH | O_CLOEXEC);
	dir = open(prog_dir, O_PATH | O_DIRECTORY);
	link = open(prog_path("l"), O_PATH | O_NOFOLLOW);
	CHECK(file >= 0 && dir >= 0 && link >= 0);
	prog_ready();
	prog_wait();
	CHECK(fcntl(file, F_GETFL) & O_PATH);
	CHECK_EQ(fcntl(file, F_GETFD), FD_CLOEXEC);
	CHECK(read(file, buf, 1) == -1 && errno == EBADF);
	CHECK(!fstat(file, &st));
	CHECK_EQ(st.st_size, 50);
	CHECK(!fstat(link, &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(readlinkat(link, "", buf, sizeof(buf)), 1);
	fd = openat(dir, "f", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_EQ(read(fd, buf, 64), 50);
	CHECK(prog_filled(buf, 50, 1));
	prog_pass();
}
