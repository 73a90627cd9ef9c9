// SPDX-License-Identifier: Apache-2.0
/* An instance that parent and child share, with events waiting: who reads first has it. */
#include "inotify.h"

int main(int argc, char **argv)
{
	int fd, dir;
	pid_t pid;

	prog_init(argc, argv);
	fd = inotify_init1(IN_NONBLOCK);
	CHECK(fd >= 0 && !mkdir(prog_path("dir"), 0755));
	dir = in_watch(fd, prog_path("dir"), IN_CREATE);
	in_touch(prog_path("dir/first"));
	in_touch(prog_path("dir/second"));
	pid = prog_fork();
	if (!pid) {
		char buf[32];

		prog_await("verify");
		/* Room for one. */
		CHECK_EQ(read(fd, buf, sizeof(buf)), 32);
		CHECK(!strcmp(((struct inotify_event *)buf)->name, "first"));
		_exit(0);
	}
	prog_ready();
	prog_wait();
	prog_reap(pid);
	in_expect(fd, "%d %x second", dir, IN_CREATE);
	in_expect(fd, "none");
	prog_pass();
}
