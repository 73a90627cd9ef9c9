// SPDX-License-Identifier: Apache-2.0
/* FIFOs that were removed while they were open, by several processes and both ways. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[64];
	struct stat a, b;
	int r, w, both;
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!mkfifo(prog_path("one"), 0600) && !mkfifo(prog_path("two"), 0600));
	r = open(prog_path("one"), O_RDONLY | O_NONBLOCK);
	w = open(prog_path("one"), O_WRONLY);
	both = open(prog_path("two"), O_RDWR);
	CHECK(r >= 0 && w >= 0 && both >= 0);
	CHECK(!unlink(prog_path("one")) && !unlink(prog_path("two")));
	/* Another one has the name now. */
	CHECK(!mkfifo(prog_path("two"), 0600));
	CHECK(write(w, "first ", 6) == 6 && write(both, "own", 3) == 3);
	pid = prog_fork();
	if (!pid) {
		close(r);
		prog_wait();
		_exit(write(w, "second", 6) != 6);
	}
	close(w);
	prog_ready();
	prog_wait();
	prog_reap(pid);
	CHECK_EQ(read(r, buf, sizeof(buf)), 12);
	CHECK(!memcmp(buf, "first second", 12));
	CHECK_EQ(read(r, buf, sizeof(buf)), 0);
	CHECK_EQ(read(both, buf, sizeof(buf)), 3);
	CHECK(!fstat(both, &a) && !stat(prog_path("two"), &b) && a.st_ino != b.st_ino);
	CHECK(!prog_has("one") && S_ISFIFO(a.st_mode) && !a.st_nlink);
	prog_pass();
}
