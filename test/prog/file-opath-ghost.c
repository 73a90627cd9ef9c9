// SPDX-License-Identifier: Apache-2.0
/* O_PATH descriptors of what was removed: a file, a directory, a link, a FIFO. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b, c, d;
	int file, dir, symbolic, fifo;
	char buf[64], path[64];

	prog_init(argc, argv);
	close(prog_file("f", 10, 1, O_RDONLY));
	CHECK(!mkdir(prog_path("d"), 0700) && !symlink("nowhere", prog_path("l")));
	CHECK(!mkfifo(prog_path("p"), 0600));
	file = open(prog_path("f"), O_PATH);
	dir = open(prog_path("d"), O_PATH | O_DIRECTORY);
	symbolic = open(prog_path("l"), O_PATH | O_NOFOLLOW);
	fifo = open(prog_path("p"), O_PATH);
	CHECK(file >= 0 && dir >= 0 && symbolic >= 0 && fifo >= 0);
	CHECK(!unlink(prog_path("f")) && !rmdir(prog_path("d")) && !unlink(prog_path("l")));
	CHECK(!unlink(prog_path("p")));
	prog_ready();
	prog_wait();
	CHECK(!fstat(file, &a) && S_ISREG(a.st_mode) && a.st_size == 10 && !a.st_nlink);
	CHECK(!fstat(dir, &b) && S_ISDIR(b.st_mode));
	CHECK(!fstat(symbolic, &c) && S_ISLNK(c.st_mode));
	CHECK(!fstat(fifo, &d) && S_ISFIFO(d.st_mode));
	CHECK_EQ(readlinkat(symbolic, "", buf, sizeof(buf)), 7);
	CHECK(!memcmp(buf, "nowhere", 7));
	CHECK(read(file, buf, 1) == -1 && errno == EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	CHECK_EQ(prog_slurp(path, buf, sizeof(buf)), 10);
	CHECK(!prog_has("f") && !prog_has("d") && !prog_has("p"));
	prog_pass();
}
