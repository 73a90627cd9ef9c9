// SPDX-License-Identifier: Apache-2.0
/* A lock of an open file belongs to all who have it by fork or dup; any of them ends it. */
#include "prog.h"

#include <sys/file.h>

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

int main(int argc, char **argv)
{
	int a, copy, other, b;
	pid_t pid;

	prog_init(argc, argv);
	a = prog_file("f", 100, 1, O_RDWR);
	b = prog_file("g", 100, 1, O_RDWR);
	copy = dup(a);
	CHECK(!flock(a, LOCK_EX) && !lock(b, F_OFD_SETLK, F_WRLCK, 0, 0));
	pid = prog_fork();
	if (!pid) {
		/* The last descriptor of one, an explicit end of the other. */
		prog_await("closed");
		other = open(prog_path("f"), O_RDWR);
		CHECK(flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
		CHECK(!flock(copy, LOCK_UN));
		CHECK(!flock(other, LOCK_EX | LOCK_NB));
		other = open(prog_path("g"), O_RDWR);
		CHECK(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0) == -1 && errno == EAGAIN);
		close(b);
		CHECK(!lock(other, F_OFD_SETLK, F_WRLCK, 0, 0));
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(!close(a) && !close(b));
	CHECK(!close(copy));
	prog_mark("closed");
	prog_reap(pid);
	prog_pass();
}
