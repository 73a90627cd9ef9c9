// SPDX-License-Identifier: Apache-2.0
/* Record, open-file and whole-file locks stay held and keep others out. */
#include "prog.h"

#include <sys/file.h>

static int posix, ofd, whole;

static struct flock range(off_t from, off_t len)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET,
			       .l_start = from, .l_len = len };
}

/* Seen from another process, as nobody conflicts with itself. */
static void child(void)
{
	struct flock l;
	int fd;

	while (!prog_done()) {
		fd = open(prog_path("posix"), O_RDWR);
		l = range(15, 1);
		CHECK(!fcntl(fd, F_GETLK, &l));
		CHECK_EQ(l.l_type, F_WRLCK);
		CHECK(l.l_start == 10 && l.l_len == 20 && l.l_pid == getppid());
		l = range(50, 10);
		CHECK(!fcntl(fd, F_GETLK, &l));
		CHECK_EQ(l.l_type, F_UNLCK);
		close(fd);
		fd = open(prog_path("ofd"), O_RDWR);
		l = range(0, 5);
		CHECK(fcntl(fd, F_OFD_SETLK, &l) == -1 && errno == EAGAIN);
		close(fd);
		fd = open(prog_path("whole"), O_RDWR);
		CHECK(flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
		close(fd);
		prog_nap();
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct flock a = range(10, 20), b = range(0, 100);
	pid_t pid;

	prog_init(argc, argv);
	posix = prog_file("posix", 100, 1, O_RDWR);
	ofd = prog_file("ofd", 100, 1, O_RDWR);
	whole = prog_file("whole", 100, 1, O_RDWR);
	CHECK(!fcntl(posix, F_SETLK, &a) && !fcntl(ofd, F_OFD_SETLK, &b));
	CHECK(!flock(whole, LOCK_EX));
	pid = prog_fork();
	if (!pid) {
		/* Inherited descriptors would share the last two locks. */
		close(ofd);
		close(whole);
		child();
	}
	prog_ready();
	prog_wait();
	prog_reap(pid);
	prog_pass();
}
