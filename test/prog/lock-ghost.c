// SPDX-License-Identifier: Apache-2.0
/* Locks on a file that was deleted, on a directory, and on a memfd. */
#include "prog.h"

#include <sys/file.h>

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

int main(int argc, char **argv)
{
	int gone, again, dir, dir2, memory, whole;
	char path[64];
	pid_t pid;

	prog_init(argc, argv);
	gone = prog_file("gone", 100, 1, O_RDWR);
	again = open(prog_path("gone"), O_RDWR);
	whole = open(prog_path("gone"), O_RDONLY);
	CHECK(!unlink(prog_path("gone")));
	dir = open(prog_dir, O_RDONLY | O_DIRECTORY);
	dir2 = open(prog_dir, O_RDONLY | O_DIRECTORY);
	memory = memfd_create("locked", 0);
	CHECK(!lock(gone, F_OFD_SETLK, F_WRLCK, 10, 10) && !lock(gone, F_SETLK, F_WRLCK, 50, 10));
	CHECK(!flock(whole, LOCK_SH) && !flock(dir, LOCK_EX) && dir2 >= 0);
	CHECK(!ftruncate(memory, 100) && !lock(memory, F_SETLK, F_WRLCK, 0, 50));
	prog_ready();
	prog_wait();
	CHECK(lock(again, F_OFD_SETLK, F_RDLCK, 15, 1) == -1 && errno == EAGAIN);
	CHECK(lock(again, F_OFD_SETLK, F_RDLCK, 55, 1) == -1 && errno == EAGAIN);
	CHECK(flock(again, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
	CHECK(!flock(again, LOCK_SH | LOCK_NB));
	CHECK(flock(dir2, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
	pid = prog_fork();
	if (!pid) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
		CHECK(lock(memory, F_SETLK, F_WRLCK, 10, 1) == -1 && errno == EAGAIN);
		CHECK(!lock(memory, F_SETLK, F_WRLCK, 60, 1));
		_exit(0);
	}
	prog_reap(pid);
	prog_pass();
}
