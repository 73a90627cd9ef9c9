// SPDX-License-Identifier: Apache-2.0
/* Relative names, by root also of a directory left since, stay; others reach the sockets. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname name = { 0 }, dots = { 0 };
	int l, l2, c, s;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("sub"), 0777) && !mkdir(prog_path("other"), 0777));
	CHECK(!chdir(prog_path("sub")));
	name = u_path("sock");
	dots = u_path("../other/./s2");
	l = u_listener(SOCK_STREAM, name, 5);
	l2 = u_listener(SOCK_STREAM, dots, 5);
	/* To others than root the kernel does not tell where that was. */
	if (!geteuid())
		CHECK(!chdir("/"));
	prog_ready();
	prog_wait();
	u_check_own(l, &name);
	u_check_own(l2, &dots);
	c = u_connected(SOCK_STREAM, u_file("sub/sock"));
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_check_peer(c, &name);
	u_send(c, "x");
	u_expect(s, "x");
	c = u_connected(SOCK_STREAM, u_file("other/s2"));
	CHECK(accept(l2, NULL, NULL) >= 0);
	u_check_peer(c, &dots);
	prog_pass();
}
