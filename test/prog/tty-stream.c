/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered lines both ways all the time, in canonical mode: none lost, doubled or torn. */
#include "pty.h"

static void child(int slave)
{
	unsigned long want = 0, got;
	char line[256];
	ssize_t n;

	while ((n = read(slave, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		CHECK(n > 1 && line[n - 1] == '\n');
		CHECK_EQ(sscanf(line, "number %lu", &got), 1);
		CHECK_EQ(got, want++);
		n = sprintf(line, "answer %lu\n", got);
		pty_put(slave, line, n);
	}
	CHECK_EQ(n, 0);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned long sent = 0, seen = 0, got;
	char buf[4096], line[64], *p, *end;
	size_t have = 0;
	int master, slave;
	ssize_t n;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_local(slave, ECHO, 0);
	pid = prog_fork();
	if (!pid) {
		close(master);
		child(slave);
	}
	prog_ready();
	while (!prog_done() || seen < sent) {
		while (sent - seen < 20 && !prog_done()) {
			n = sprintf(line, "number %lu\n", sent++);
			pty_put(master, line, n);
		}
		CHECK(pty_ready(master, POLLIN, 20000));
		n = read(master, buf + have, sizeof(buf) - 1 - have);
		CHECK(n > 0);
		have += n;
		buf[have] = 0;
		for (p = buf; (end = strstr(p, "\r\n")); p = end + 2) {
			CHECK_EQ(sscanf(p, "answer %lu", &got), 1);
			CHECK_EQ(got, seen++);
		}
		have -= p - buf;
		memmove(buf, p, have);
	}
	pty_put(master, "\004", 1);
	prog_reap(pid);
	prog_pass();
}
