// SPDX-License-Identifier: Apache-2.0
/* A thousand record locks. */
#include "prog.h"

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

int main(int argc, char **argv)
{
	int fd, i;
	pid_t pid;

	prog_init(argc, argv);
	fd = prog_file("f", 10, 1, O_RDWR);
	for (i = 0; i < 1000; i++)
		CHECK(!lock(fd, F_SETLK, i % 3 ? F_WRLCK : F_RDLCK, i * 10, 5));
	prog_ready();
	prog_wait();
	pid = prog_fork();
	if (!pid) {
		for (i = 0; i < 1000; i++) {
			struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
					   .l_start = i * 10, .l_len = 10 };

			CHECK(!fcntl(fd, F_GETLK, &l));
			CHECK(l.l_type == (i % 3 ? F_WRLCK : F_RDLCK) && l.l_len == 5);
			CHECK(l.l_start == i * 10 && l.l_pid == getppid());
			CHECK(!lock(fd, F_SETLK, F_WRLCK, i * 10 + 5, 5));
		}
		_exit(0);
	}
	prog_reap(pid);
	prog_pass();
}
