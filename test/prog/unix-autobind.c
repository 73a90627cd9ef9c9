// SPDX-License-Identifier: Apache-2.0
/* Names that the kernel chose: of a datagram socket, and of a client that passes credentials. */
#include "unix.h"

static struct uname name_of(int fd)
{
	struct uname n;

	n.len = sizeof(n.a);
	CHECK(!getsockname(fd, (struct sockaddr *)&n.a, &n.len));
	CHECK_EQ(n.len, NAME_HEAD + 6);
	return n;
}

int main(int argc, char **argv)
{
	struct uname none = { .a.sun_family = AF_UNIX, .len = NAME_HEAD };
	struct uname d_name, c_name, listen_at;
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	int d, o, l, c, s;
	char b[8];

	prog_init(argc, argv);
	listen_at = u_abstract("auto");
	d = u_bound(SOCK_DGRAM, none);
	d_name = name_of(d);
	l = u_listener(SOCK_STREAM, listen_at, 3);
	c = u_socket(SOCK_STREAM);
	u_set(c, SO_PASSCRED, 1);
	CHECK(!u_connect(c, listen_at));
	c_name = name_of(c);
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	o = u_connected(SOCK_DGRAM, d_name);
	u_send(o, "a");
	prog_ready();
	prog_wait();
	u_check_own(d, &d_name);
	u_check_own(c, &c_name);
	u_check_peer(s, &c_name);
	u_check_own(s, &listen_at);
	u_check_peer(o, &d_name);
	u_send(o, "b");
	CHECK_EQ(recvfrom(d, b, 8, 0, (struct sockaddr *)&from, &len), 1);
	CHECK(b[0] == 'a' && len == 0);
	u_expect(d, "b");
	CHECK_EQ(u_get(c, SO_PASSCRED), 1);
	prog_pass();
}
