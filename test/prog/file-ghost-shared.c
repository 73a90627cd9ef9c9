// SPDX-License-Identifier: Apache-2.0
/* A deleted file that two processes map and have open is one file. */
#include "prog.h"

#define LEN (16 * PAGE)

static void child(int fd, const unsigned char *map)
{
	char buf[8];

	prog_wait();
	prog_await("written");
	if (map[5 * PAGE] != 'P' || pread(fd, buf, 1, 6 * PAGE) != 1 || buf[0] != 'Q')
		_exit(3);
	_exit(!prog_filled(map, 5 * PAGE, 8));
}

int main(int argc, char **argv)
{
	unsigned char *map, *again;
	int fd, other;
	pid_t pid;

	prog_init(argc, argv);
	fd = prog_file("gone", LEN, 8, O_RDWR);
	map = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	pid = prog_fork();
	if (!pid) {
		other = open(prog_path("gone"), O_RDWR);
		again = prog_map(LEN, PROT_READ, MAP_SHARED, other);
		prog_mark("open");
		child(other, again);
	}
	prog_await("open");
	CHECK(!unlink(prog_path("gone")));
	prog_ready();
	prog_wait();
	map[5 * PAGE] = 'P';
	CHECK_EQ(pwrite(fd, "Q", 1, 6 * PAGE), 1);
	CHECK_EQ(map[6 * PAGE], 'Q');
	prog_mark("written");
	prog_reap(pid);
	prog_pass();
}
