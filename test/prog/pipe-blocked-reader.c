// SPDX-License-Identifier: Apache-2.0
/* A reader blocked on an empty pipe gets what is written much later, and then the end. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[16];
	int p[2];
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!pipe(p));
	pid = prog_fork();
	if (!pid) {
		close(p[1]);
		prog_mark("up");
		CHECK_EQ(read(p[0], buf, sizeof(buf)), 5);
		CHECK(!memcmp(buf, "hello", 5));
		CHECK_EQ(read(p[0], buf, sizeof(buf)), 0);
		_exit(0);
	}
	close(p[0]);
	prog_await("up");
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	CHECK_EQ(write(p[1], "hello", 5), 5);
	close(p[1]);
	prog_reap(pid);
	prog_pass();
}
