// SPDX-License-Identifier: Apache-2.0
/* One socket in several processes and at several numbers is still one. */
#include "unix.h"

int main(int argc, char **argv)
{
	int sv[2], twin;
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	twin = dup(sv[1]);
	u_send(sv[0], "first");
	pid = prog_fork();
	if (!pid) {
		close(sv[0]);
		prog_wait();
		u_expect(twin, "first");
		CHECK(!fcntl(twin, F_SETFL, O_NONBLOCK));
		prog_mark("read");
		prog_await("sent");
		u_expect(sv[1], "second");
		_exit(0);
	}
	prog_ready();
	prog_wait();
	prog_await("read");
	u_expect_nothing(twin);
	CHECK(fcntl(sv[1], F_GETFL) & O_NONBLOCK);
	u_send(sv[0], "second");
	close(sv[1]);
	close(twin);
	prog_mark("sent");
	prog_reap(pid);
	/* Only now the last descriptor of the other end is closed. */
	u_expect_end(sv[0]);
	prog_pass();
}
