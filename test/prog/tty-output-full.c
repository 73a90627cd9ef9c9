/* SPDX-License-Identifier: Apache-2.0 */
/* A process blocked in writing to a terminal that nobody reads: every byte arrives once. */
#include "pty.h"

#define LEN 200000

int main(int argc, char **argv)
{
	static char data[LEN], got[LEN];
	int master, slave;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_raw(slave);
	prog_fill(data, LEN, 3);
	pid = prog_fork();
	if (!pid) {
		size_t at = 0;

		while (at < LEN) {
			n = write(slave, data + at, LEN - at);
			CHECK(n > 0);
			at += n;
		}
		_exit(0);
	}
	CHECK(pty_ready(master, POLLIN, 20000));
	prog_nap_ms(200);
	prog_ready();
	prog_wait();
	while (have < LEN && pty_ready(master, POLLIN, 20000)) {
		n = read(master, got + have, LEN - have);
		CHECK(n > 0);
		have += n;
	}
	CHECK_EQ(have, LEN);
	CHECK(!memcmp(data, got, LEN));
	prog_reap(pid);
	prog_pass();
}
