// SPDX-License-Identifier: Apache-2.0
/* A file made with O_TMPFILE can still be given a name. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[64], path[64];
	int fd;

	prog_init(argc, argv);
	fd = open(prog_dir, O_TMPFILE | O_RDWR, 0640);
	if (fd < 0)
		prog_skip("O_TMPFILE is not supported here");
	CHECK_EQ(write(fd, "nameless", 8), 8);
	prog_ready();
	prog_wait();
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(!linkat(AT_FDCWD, path, AT_FDCWD, prog_path("named"), AT_SYMLINK_FOLLOW));
	CHECK_EQ(write(fd, "!", 1), 1);
	CHECK_EQ(prog_slurp(prog_path("named"), buf, sizeof(buf)), 9);
	CHECK(!memcmp(buf, "nameless!", 9));
	prog_pass();
}
