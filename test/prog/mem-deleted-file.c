// SPDX-License-Identifier: Apache-2.0
/* Mappings of a file that has been deleted keep their contents and stay shared. */
#include "prog.h"

#define LEN (16 * PAGE)

int main(int argc, char **argv)
{
	char *shared, *private;
	pid_t pid;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("gone", LEN, 80, O_RDWR);
	shared = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	private = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	prog_fill(private + 2 * PAGE, PAGE, 81);
	close(fd);
	CHECK(!unlink(prog_path("gone")));
	pid = prog_fork();
	if (!pid) {
		prog_await("changed");
		CHECK_EQ(shared[PAGE], 0x11);
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(prog_filled(shared, LEN, 80));
	CHECK(prog_filled(private, 2 * PAGE, 80));
	CHECK(prog_filled(private + 2 * PAGE, PAGE, 81));
	CHECK(!prog_has("gone"));
	shared[PAGE] = 0x11;
	prog_mark("changed");
	prog_reap(pid);
	prog_pass();
}
