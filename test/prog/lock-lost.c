// SPDX-License-Identifier: Apache-2.0
/* A record lock ends when any descriptor of its file is closed, as ever. */
#include "prog.h"

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

static bool locked(int fd)
{
	pid_t pid = prog_fork();
	int status;

	if (!pid)
		_exit(lock(fd, F_SETLK, F_WRLCK, 0, 1) == -1 && errno == EAGAIN);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int fd, other, third;

	prog_init(argc, argv);
	fd = prog_file("f", 100, 1, O_RDWR);
	other = open(prog_path("f"), O_RDONLY);
	third = open(prog_path("f"), O_RDONLY | O_CLOEXEC);
	CHECK(other >= 0 && third >= 0 && !lock(fd, F_SETLK, F_WRLCK, 0, 10));
	prog_ready();
	prog_wait();
	CHECK(locked(fd));
	CHECK(!close(third) && !locked(fd));
	CHECK(!lock(fd, F_SETLK, F_WRLCK, 0, 10) && locked(fd));
	CHECK(!close(other) && !locked(fd));
	prog_pass();
}
