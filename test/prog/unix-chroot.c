// SPDX-License-Identifier: Apache-2.0
/* A socket that was named below another root. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname name = u_path("/run/sock");
	int l, c, s;
	pid_t pid;

	prog_init(argc, argv);
	if (geteuid())
		prog_skip("only root may chroot");
	CHECK(!mkdir(prog_path("root"), 0777) && !mkdir(prog_path("root/run"), 0777));
	l = u_socket(SOCK_STREAM);
	pid = prog_fork();
	if (!pid) {
		CHECK(!chroot(prog_path("root")) && !chdir("/"));
		CHECK(!bind(l, (struct sockaddr *)&name.a, name.len));
		_exit(0);
	}
	prog_reap(pid);
	CHECK(!listen(l, 5));
	prog_ready();
	prog_wait();
	u_check_own(l, &name);
	CHECK(access("/run/sock", F_OK));
	c = u_connected(SOCK_STREAM, u_file("root/run/sock"));
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_check_peer(c, &name);
	u_send(c, "x");
	u_expect(s, "x");
	prog_pass();
}
