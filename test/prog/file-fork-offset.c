// SPDX-License-Identifier: Apache-2.0
/* A descriptor shared by fork has one offset for both processes; a later one has its own. */
#include "prog.h"

int main(int argc, char **argv)
{
	int shared, own;
	pid_t pid;

	prog_init(argc, argv);
	shared = prog_file("data", 1000, 7, O_RDONLY);
	pid = prog_fork();
	own = open(prog_path("data"), O_RDONLY);
	CHECK(own >= 0);
	if (!pid) {
		CHECK_EQ(lseek(own, 30, SEEK_SET), 30);
		prog_mark("up");
		prog_wait();
		CHECK_EQ(lseek(shared, 600, SEEK_SET), 600);
		CHECK_EQ(lseek(own, 0, SEEK_CUR), 30);
		_exit(0);
	}
	CHECK_EQ(lseek(own, 20, SEEK_SET), 20);
	CHECK_EQ(lseek(shared, 50, SEEK_SET), 50);
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_reap(pid);
	CHECK_EQ(lseek(shared, 0, SEEK_CUR), 600);
	CHECK_EQ(lseek(own, 0, SEEK_CUR), 20);
	prog_pass();
}
