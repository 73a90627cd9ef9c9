// SPDX-License-Identifier: Apache-2.0
/* Clients connect, send and close all the time while a slow server accepts: none gets lost. */
#include "unix.h"

int main(int argc, char **argv)
{
	unsigned int next = 0, number, sent = 0;
	struct uname name;
	int l, c, s;
	bool last;
	pid_t pid;

	prog_init(argc, argv);
	name = u_file("l");
	l = u_listener(SOCK_STREAM, name, 4);
	pid = prog_fork();
	if (!pid) {
		close(l);
		do {
			last = prog_done();
			c = u_connected(SOCK_STREAM, name);
			number = last ? ~0u : sent++;
			CHECK_EQ(write(c, &number, sizeof(number)), sizeof(number));
			close(c);
		} while (!last);
		_exit(0);
	}
	prog_ready();
	for (;;) {
		s = accept(l, NULL, NULL);
		CHECK(s >= 0);
		CHECK_EQ(recv(s, &number, sizeof(number), MSG_WAITALL), sizeof(number));
		CHECK_EQ(read(s, &c, 1), 0);
		close(s);
		if (number == ~0u)
			break;
		CHECK_EQ(number, next);
		next++;
		if (next % 4 == 0)
			prog_nap_ms(2);
	}
	prog_reap(pid);
	prog_pass();
}
