// SPDX-License-Identifier: Apache-2.0
/* Files and directories of /proc: of another process, of one that is gone, half read. */
#include "prog.h"

#include <dirent.h>

int main(int argc, char **argv)
{
	char buf[4096], want[64], path[64];
	int other, dead, maps, fds, shared;
	pid_t pid, gone;
	ssize_t n, half;
	DIR *d;

	prog_init(argc, argv);
	gone = prog_fork();
	if (!gone) {
		prog_await("opened");
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", gone);
	dead = open(path, O_RDONLY);
	prog_mark("opened");
	prog_reap(gone);
	shared = open("/proc/self/status", O_RDONLY);
	half = read(shared, buf, 20);
	CHECK_EQ(half, 20);
	pid = prog_fork();
	if (!pid) {
		prog_wait();
		prog_await("read");
		/* One description, one offset. */
		_exit(lseek(shared, 0, SEEK_CUR) != 30);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	other = open(path, O_RDONLY);
	maps = open("/proc/self/maps", O_RDONLY);
	CHECK_EQ(read(maps, buf, 50), 50);
	fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	CHECK(other >= 0 && maps >= 0 && fds >= 0 && dead >= 0);
	prog_ready();
	prog_wait();
	CHECK(lseek(shared, 0, SEEK_CUR) == 20 && read(shared, buf, 10) == 10);
	prog_mark("read");
	n = pread(other, buf, sizeof(buf) - 1, 0);
	CHECK(n > 0);
	buf[n] = 0;
	snprintf(want, sizeof(want), "\nPid:\t%d\n", pid);
	CHECK(strstr(buf, want));
	CHECK_EQ(lseek(maps, 0, SEEK_CUR), 50);
	CHECK(read(maps, buf, sizeof(buf)) > 0);
	CHECK(read(dead, buf, sizeof(buf)) == -1 && errno == ESRCH);
	d = fdopendir(fds);
	CHECK(d && readdir(d));
	prog_reap(pid);
	prog_pass();
}
