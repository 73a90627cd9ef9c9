// SPDX-License-Identifier: Apache-2.0
/* What is watched is found wherever it is by now: renamed, opened and unlinked, above the working
 * directory, or watched without libc's help. */
#include "inotify.h"

int main(int argc, char **argv)
{
	int fd, renamed, open_file, raw, above, file;

	prog_init(argc, argv);
	fd = inotify_init1(IN_NONBLOCK);
	CHECK(fd >= 0);
	CHECK(!mkdir(prog_path("a"), 0755) && !mkdir(prog_path("a/b"), 0755));
	CHECK(!mkdir(prog_path("a/b/c"), 0755) && !mkdir(prog_path("a/work"), 0755));
	renamed = in_watch(fd, prog_path("a/b/c"), IN_CREATE);
	CHECK(!rename(prog_path("a/b/c"), prog_path("a/moved")));
	in_touch(prog_path("file"));
	open_file = in_watch(fd, prog_path("file"), IN_MODIFY);
	file = open(prog_path("file"), O_RDWR);
	CHECK(file >= 0 && !unlink(prog_path("file")));
	CHECK(!chdir(prog_path("a/work")));
	raw = syscall(SYS_inotify_add_watch, fd, prog_path("a/b"), IN_CREATE);
	above = syscall(SYS_inotify_add_watch, fd, prog_path("a"), IN_DELETE);
	CHECK(raw > 0 && above > 0);
	prog_ready();
	prog_wait();
	in_touch(prog_path("a/moved/x"));
	in_expect(fd, "%d %x x", renamed, IN_CREATE);
	CHECK_EQ(write(file, "x", 1), 1);
	in_expect(fd, "%d %x ", open_file, IN_MODIFY);
	in_touch(prog_path("a/b/y"));
	in_expect(fd, "%d %x y", raw, IN_CREATE);
	CHECK(!rmdir(prog_path("a/work")));
	in_expect(fd, "%d %x work", above, IN_DELETE | IN_ISDIR);
	prog_pass();
}
