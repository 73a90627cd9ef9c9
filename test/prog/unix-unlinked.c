// SPDX-License-Identifier: Apache-2.0
/* A listener whose file was removed keeps its name, and no file appears. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname name, second;
	int l, c, c2, s, l2;

	prog_init(argc, argv);
	name = u_file("gone");
	l = u_listener(SOCK_STREAM, name, 5);
	c = u_connected(SOCK_STREAM, name);
	s = accept(l, NULL, NULL);
	c2 = u_connected(SOCK_STREAM, name);
	CHECK(s >= 0 && !unlink(name.a.sun_path));
	/* The same path, another socket. */
	second = u_file("reused");
	close(u_listener(SOCK_STREAM, second, 5));
	l2 = l;
	CHECK(!unlink(second.a.sun_path));
	l2 = u_listener(SOCK_STREAM, second, 5);
	prog_ready();
	prog_wait();
	CHECK(access(name.a.sun_path, F_OK) && errno == ENOENT);
	u_check_own(l, &name);
	u_check_own(s, &name);
	u_check_peer(c, &name);
	u_send(c, "x");
	u_expect(s, "x");
	CHECK_EQ(u_ready(l, POLLIN), POLLIN);
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_send(c2, "y");
	u_expect(s, "y");
	u_connected(SOCK_STREAM, second);
	CHECK(accept(l2, NULL, NULL) >= 0);
	prog_pass();
}
