// SPDX-License-Identifier: Apache-2.0
/* Those who wait for a lock of each kind go on waiting, and get it in the end. */
#include "prog.h"

#include <sys/file.h>

static int lock(int fd, int command, int type, off_t from, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len };

	return fcntl(fd, command, &l);
}

int main(int argc, char **argv)
{
	int posix, ofd, whole, i, other;
	pid_t pid[3];
	char name[16];

	prog_init(argc, argv);
	posix = prog_file("posix", 10, 1, O_RDWR);
	ofd = prog_file("ofd", 10, 1, O_RDWR);
	whole = prog_file("whole", 10, 1, O_RDWR);
	CHECK(!lock(posix, F_SETLK, F_WRLCK, 0, 0) && !lock(ofd, F_OFD_SETLK, F_WRLCK, 0, 5));
	CHECK(!flock(whole, LOCK_EX));
	for (i = 0; i < 3; i++) {
		pid[i] = prog_fork();
		if (pid[i])
			continue;
		snprintf(name, sizeof(name), "up%d", i);
		prog_mark(name);
		if (i == 0) {
			CHECK(!lock(posix, F_SETLKW, F_WRLCK, 3, 1));
		} else if (i == 1) {
			other = open(prog_path("ofd"), O_RDWR);
			CHECK(!lock(other, F_OFD_SETLKW, F_RDLCK, 0, 0));
		} else {
			other = open(prog_path("whole"), O_RDONLY);
			CHECK(!flock(other, LOCK_SH));
		}
		snprintf(name, sizeof(name), "got%d", i);
		prog_mark(name);
		prog_wait();
		_exit(0);
	}
	prog_await("up0");
	prog_await("up1");
	prog_await("up2");
	prog_nap_ms(200);
	prog_ready();
	while (!prog_done()) {
		CHECK(!prog_has("got0") && !prog_has("got1") && !prog_has("got2"));
		prog_nap();
	}
	CHECK(!lock(posix, F_SETLK, F_UNLCK, 0, 0) && !lock(ofd, F_OFD_SETLK, F_UNLCK, 0, 0));
	CHECK(!flock(whole, LOCK_UN));
	for (i = 0; i < 3; i++)
		prog_reap(pid[i]);
	CHECK(prog_has("got0") && prog_has("got1") && prog_has("got2"));
	prog_pass();
}
