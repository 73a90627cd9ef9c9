// SPDX-License-Identifier: Apache-2.0
/* Shared and exclusive locks of several processes on one file, range by range. */
#include "prog.h"

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

/* Who holds a byte, for a writer: 0 nobody. */
static pid_t holder(int fd, off_t at, int *type)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	CHECK(!fcntl(fd, F_GETLK, &l));
	*type = l.l_type;
	return l.l_type == F_UNLCK ? 0 : l.l_pid;
}

int main(int argc, char **argv)
{
	int fd, type, i;
	pid_t pid[2];
	char name[16];

	prog_init(argc, argv);
	fd = prog_file("f", 1000, 1, O_RDWR);
	for (i = 0; i < 2; i++) {
		pid[i] = prog_fork();
		if (!pid[i]) {
			CHECK(!lock(fd, F_SETLK, F_RDLCK, 100, 100));
			CHECK(!lock(fd, F_SETLK, F_WRLCK, 300 + i * 100, 50));
			snprintf(name, sizeof(name), "up%d", i);
			prog_mark(name);
			prog_await("leave");
			_exit(0);
		}
	}
	prog_await("up0");
	prog_await("up1");
	CHECK(!lock(fd, F_SETLK, F_WRLCK, 900, 0));
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(holder(fd, 300, &type), pid[0]);
		CHECK_EQ(type, F_WRLCK);
		CHECK_EQ(holder(fd, 449, &type), pid[1]);
		CHECK_EQ(holder(fd, 150, &type) != 0, 1);
		CHECK_EQ(type, F_RDLCK);
		CHECK_EQ(holder(fd, 200, &type), 0);
		CHECK_EQ(holder(fd, 99, &type), 0);
		CHECK_EQ(holder(fd, 350, &type), 0);
		/* A shared one goes with shared ones only. */
		CHECK(lock(fd, F_SETLK, F_WRLCK, 100, 1) == -1 && errno == EAGAIN);
		prog_nap();
	}
	prog_mark("leave");
	prog_reap(pid[0]);
	prog_reap(pid[1]);
	CHECK_EQ(holder(fd, 300, &type), 0);
	CHECK_EQ(holder(fd, 150, &type), 0);
	prog_pass();
}
