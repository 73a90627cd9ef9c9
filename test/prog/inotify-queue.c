// SPDX-License-Identifier: Apache-2.0
/* Events that nobody has read yet are read after a restart, all kinds of them, in their order, with
 * their names and cookies; the checkpoint that goes before does not disturb them either. */
#include "inotify.h"

#define ALL (IN_ALL_EVENTS & ~IN_ACCESS)

static char *in_dir(const char *name)
{
	static char path[2][PATH_MAX + 64];
	static int n;

	n = !n;
	snprintf(path[n], sizeof(path[n]), "%s/d/%s", prog_dir, name);
	return path[n];
}

static int fd, dir, other, file;

static void cause(void)
{
	char c;
	int f;

	CHECK(!mkdir(in_dir(""), 0755) && !mkdir(prog_path("other"), 0755));
	in_touch(prog_path("file"));
	fd = inotify_init1(IN_NONBLOCK);
	dir = in_watch(fd, in_dir(""), ALL | IN_ACCESS);
	other = in_watch(fd, prog_path("other"), ALL);
	file = in_watch(fd, prog_path("file"), ALL | IN_ACCESS);
	CHECK(fd >= 0);
	in_touch(in_dir("one"));
	CHECK(!mkdir(in_dir("sub"), 0755));
	f = open(prog_path("file"), O_RDWR);
	CHECK(f >= 0 && write(f, "abc", 3) == 3 && pread(f, &c, 1, 0) == 1);
	close(f);
	CHECK(!rename(in_dir("one"), in_dir("two")));
	CHECK(!rename(in_dir("two"), prog_path("other/three")));
	CHECK(!rename(prog_path("other/three"), prog_path("away")));
	CHECK(!rename(prog_path("away"), in_dir("back")));
	CHECK(!chmod(in_dir("back"), 0600));
	CHECK(!rmdir(in_dir("sub")));
	CHECK(!chmod(prog_path("other"), 0700));
	CHECK(!unlink(in_dir("back")));
	CHECK(!rename(prog_path("other"), prog_path("else")));
	CHECK(!inotify_rm_watch(fd, other));
}

int main(int argc, char **argv)
{
	uint32_t from, to, again;
	int bytes;

	prog_init(argc, argv);
	cause();
	bytes = in_waiting(fd);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(in_waiting(fd), bytes);
		prog_nap();
	}
	CHECK_EQ(in_waiting(fd), bytes);
	in_expect(fd, "%d %x one", dir, IN_CREATE);
	in_expect(fd, "%d %x one", dir, IN_OPEN);
	in_expect(fd, "%d %x one", dir, IN_CLOSE_WRITE);
	in_expect(fd, "%d %x sub", dir, IN_CREATE | IN_ISDIR);
	in_expect(fd, "%d %x ", file, IN_OPEN);
	in_expect(fd, "%d %x ", file, IN_MODIFY);
	in_expect(fd, "%d %x ", file, IN_ACCESS);
	in_expect(fd, "%d %x ", file, IN_CLOSE_WRITE);
	from = in_expect(fd, "%d %x one", dir, IN_MOVED_FROM);
	to = in_expect(fd, "%d %x two", dir, IN_MOVED_TO);
	CHECK(from && from == to);
	from = in_expect(fd, "%d %x two", dir, IN_MOVED_FROM);
	again = in_expect(fd, "%d %x three", other, IN_MOVED_TO);
	CHECK(from && from == again && from != to);
	in_expect(fd, "%d %x three", other, IN_MOVED_FROM);
	in_expect(fd, "%d %x back", dir, IN_MOVED_TO);
	in_expect(fd, "%d %x back", dir, IN_ATTRIB);
	in_expect(fd, "%d %x sub", dir, IN_DELETE | IN_ISDIR);
	in_expect(fd, "%d %x ", other, IN_ATTRIB | IN_ISDIR);
	in_expect(fd, "%d %x back", dir, IN_DELETE);
	in_expect(fd, "%d %x ", other, IN_MOVE_SELF);
	in_expect(fd, "%d %x ", other, IN_IGNORED);
	in_expect(fd, "none");
	in_touch(in_dir("late"));
	in_expect(fd, "%d %x late", dir, IN_CREATE);
	CHECK_EQ(in_watch(fd, "/proc", IN_CREATE), file + 1);
	prog_pass();
}
