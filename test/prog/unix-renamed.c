// SPDX-License-Identifier: Apache-2.0
/* Bound under one name and renamed to appear under another: reached there, called as at first. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname temporary, final;
	int l, d, c;

	prog_init(argc, argv);
	temporary = u_file("sock.new");
	final = u_file("sock");
	l = u_listener(SOCK_STREAM, temporary, 5);
	CHECK(!rename(temporary.a.sun_path, final.a.sun_path));
	d = u_bound(SOCK_DGRAM, temporary);
	prog_ready();
	prog_wait();
	u_check_own(l, &temporary);
	u_check_own(d, &temporary);
	c = u_connected(SOCK_STREAM, final);
	CHECK(accept(l, NULL, NULL) >= 0);
	u_check_peer(c, &temporary);
	c = u_connected(SOCK_DGRAM, temporary);
	u_send(c, "m");
	u_expect(d, "m");
	prog_pass();
}
