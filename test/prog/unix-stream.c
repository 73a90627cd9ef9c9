// SPDX-License-Identifier: Apache-2.0
/* A stream between two processes: what is unread in both directions comes out once and in order. */
#include "unix.h"

#define LEN 60000

int main(int argc, char **argv)
{
	static char buf[LEN], want[LEN];
	int sv[2];
	pid_t pid;

	prog_init(argc, argv);
	prog_fill(want, LEN, 1);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	pid = prog_fork();
	if (!pid) {
		close(sv[0]);
		u_send(sv[1], "from the child");
		prog_mark("up");
		prog_wait();
		CHECK_EQ(recv(sv[1], buf, LEN - 1000, MSG_WAITALL), LEN - 1000);
		CHECK(!memcmp(buf, want + 1000, LEN - 1000));
		u_expect_nothing(sv[1]);
		u_send(sv[1], "all read");
		u_expect(sv[1], "more");
		_exit(0);
	}
	CHECK_EQ(write(sv[0], want, LEN), LEN);
	prog_await("up");
	/* A part has been read already. */
	CHECK_EQ(read(sv[1], buf, 1000), 1000);
	close(sv[1]);
	prog_ready();
	prog_wait();
	u_check_own(sv[0], NULL);
	u_check_peer(sv[0], NULL);
	CHECK_EQ(recv(sv[0], buf, 14, MSG_WAITALL), 14);
	CHECK(!memcmp(buf, "from the child", 14));
	u_expect(sv[0], "all read");
	u_send(sv[0], "more");
	prog_reap(pid);
	u_expect_end(sv[0]);
	prog_pass();
}
