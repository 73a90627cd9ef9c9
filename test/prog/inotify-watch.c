// SPDX-License-Identifier: Apache-2.0
/* Watches keep their numbers, with gaps, and what they wait for; new ones get the next number. */
#include "inotify.h"

int main(int argc, char **argv)
{
	int fd, empty, dir, file, gone, self, high, next;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("dir"), 0755));
	in_touch(prog_path("file"));
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	empty = inotify_init();
	CHECK(fd >= 0 && empty >= 0);
	dir = in_watch(fd, prog_path("dir"), IN_CREATE | IN_DELETE | IN_ONLYDIR);
	gone = in_watch(fd, "/", IN_DELETE_SELF);
	CHECK(!inotify_rm_watch(fd, gone));
	in_expect(fd, "%d %x ", gone, IN_IGNORED);
	CHECK(!chdir(prog_dir));
	file = in_watch(fd, "file", IN_MODIFY | IN_CLOSE_WRITE);
	self = in_watch(fd, ".", IN_DELETE_SELF | IN_ONESHOT);
	for (high = 0; high < 300; high = in_watch(fd, "/", IN_DELETE_SELF))
		if (high) {
			CHECK(!inotify_rm_watch(fd, high));
			in_expect(fd, "%d %x ", high, IN_IGNORED);
		}
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(!(fcntl(empty, F_GETFL) & O_NONBLOCK));
	in_expect(fd, "none");
	in_touch(prog_path("dir/new"));
	in_expect(fd, "%d %x new", dir, IN_CREATE);
	in_touch("file");
	in_expect(fd, "%d %x ", file, IN_CLOSE_WRITE);
	CHECK(!unlink(prog_path("dir/new")));
	in_expect(fd, "%d %x new", dir, IN_DELETE);
	in_expect(fd, "none");
	next = in_watch(fd, prog_path("dir/.."), IN_CREATE);
	CHECK_EQ(next, self);
	next = in_watch(fd, "/proc", IN_CREATE);
	CHECK_EQ(next, high + 1);
	CHECK(!inotify_rm_watch(fd, high));
	in_expect(fd, "%d %x ", high, IN_IGNORED);
	CHECK(inotify_rm_watch(fd, gone) == -1 && errno == EINVAL);
	CHECK_EQ(in_watch(empty, "/", IN_CREATE), 1);
	prog_pass();
}
