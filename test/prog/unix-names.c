// SPDX-License-Identifier: Apache-2.0
/* Both ends of connections know their names although the listener is gone. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname server, client, aserver, aclient;
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	int l, c, s, ac, as;

	prog_init(argc, argv);
	server = u_file("server");
	client = u_file("client");
	aserver = u_abstract("server");
	aclient = u_abstract("client");
	l = u_listener(SOCK_STREAM, server, 5);
	c = u_bound(SOCK_STREAM, client);
	CHECK(!u_connect(c, server));
	s = accept(l, (struct sockaddr *)&a, &len);
	CHECK(s >= 0);
	u_check_name(&a, len, &client);
	close(l);
	l = u_listener(SOCK_STREAM, aserver, 5);
	ac = u_bound(SOCK_STREAM, aclient);
	CHECK(!u_connect(ac, aserver));
	as = accept(l, NULL, NULL);
	CHECK(as >= 0);
	close(l);
	prog_ready();
	prog_wait();
	u_check_own(s, &server);
	u_check_peer(s, &client);
	u_check_own(c, &client);
	u_check_peer(c, &server);
	u_check_own(as, &aserver);
	u_check_peer(as, &aclient);
	u_check_own(ac, &aclient);
	u_check_peer(ac, &aserver);
	u_send(c, "1");
	u_expect(s, "1");
	u_send(as, "2");
	u_expect(ac, "2");
	/* Nobody listens there any more. */
	CHECK(u_connect(u_socket(SOCK_STREAM), server) == -1);
	CHECK_EQ(errno, ECONNREFUSED);
	/* An abstract name belongs to whoever bound it. */
	CHECK(bind(u_socket(SOCK_STREAM), (struct sockaddr *)&aclient.a, aclient.len) == -1);
	CHECK_EQ(errno, EADDRINUSE);
	CHECK(!bind(u_socket(SOCK_STREAM), (struct sockaddr *)&aserver.a, aserver.len));
	prog_pass();
}
