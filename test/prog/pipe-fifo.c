// SPDX-License-Identifier: Apache-2.0
/* A FIFO, opened by two processes, keeps what is in it and its name. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[64];
	struct stat st;
	int fd;
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!mkfifo(prog_path("fifo"), 0600));
	pid = prog_fork();
	if (!pid) {
		fd = open(prog_path("fifo"), O_WRONLY);
		CHECK(fd >= 0);
		CHECK_EQ(write(fd, "early ", 6), 6);
		prog_mark("up");
		prog_wait();
		CHECK_EQ(write(fd, "late", 4), 4);
		_exit(0);
	}
	fd = open(prog_path("fifo"), O_RDONLY);
	CHECK(fd >= 0);
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_reap(pid);
	CHECK(!fstat(fd, &st) && S_ISFIFO(st.st_mode));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 10);
	CHECK(!memcmp(buf, "early late", 10));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	/* A new opening of the name meets the same object. */
	CHECK(open(prog_path("fifo"), O_WRONLY | O_NONBLOCK) >= 0);
	prog_pass();
}
