// SPDX-License-Identifier: Apache-2.0
/* Listeners, with a path and abstract, take new connections under their names. */
#include "unix.h"

static void use(int l, struct uname *n)
{
	int c, s;

	CHECK_EQ(u_get(l, SO_ACCEPTCONN), 1);
	u_check_own(l, n);
	CHECK_EQ(u_ready(l, POLLIN), 0);
	c = u_connected(SOCK_STREAM, *n);
	CHECK_EQ(u_ready(l, POLLIN), POLLIN);
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_send(c, "hello");
	u_expect(s, "hello");
	u_check_own(s, n);
	u_check_peer(c, n);
	close(c);
	close(s);
}

int main(int argc, char **argv)
{
	struct uname path, abstract;
	struct stat before, st;
	int l1, l2;

	prog_init(argc, argv);
	path = u_file("sock");
	abstract = u_abstract("listener");
	l1 = u_listener(SOCK_STREAM, path, 5);
	l2 = u_listener(SOCK_STREAM, abstract, 5);
	CHECK(!chmod(path.a.sun_path, 0640));
	CHECK(!stat(path.a.sun_path, &before));
	prog_ready();
	while (!prog_done()) {
		use(l1, &path);
		use(l2, &abstract);
		prog_nap();
	}
	CHECK(!stat(path.a.sun_path, &st));
	CHECK_EQ(st.st_mode, before.st_mode);
	CHECK_EQ(st.st_uid, before.st_uid);
	use(l1, &path);
	use(l2, &abstract);
	/* The name is taken as long as it listens, and no longer. */
	CHECK(bind(u_socket(SOCK_STREAM), (struct sockaddr *)&abstract.a, abstract.len) == -1);
	CHECK_EQ(errno, EADDRINUSE);
	close(l2);
	CHECK(!bind(u_socket(SOCK_STREAM), (struct sockaddr *)&abstract.a, abstract.len));
	prog_pass();
}
