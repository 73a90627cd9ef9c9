/* SPDX-License-Identifier: Apache-2.0 */
/* The slave in another process, which reads lines and answers, blocked in between. */
#include "pty.h"

static void child(int slave)
{
	char line[256];
	ssize_t n;

	while ((n = read(slave, line, sizeof(line))) > 0)
		pty_put(slave, line, n);
	CHECK_EQ(n, 0);
	_exit(0);
}

int main(int argc, char **argv)
{
	char line[64], want[80];
	int master, slave, len, round = 0;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_local(slave, ECHO, 0);
	pid = prog_fork();
	if (!pid) {
		close(master);
		child(slave);
	}
	close(slave);
	prog_ready();
	while (!prog_done()) {
		len = sprintf(line, "line %d\n", round++);
		pty_put(master, line, len);
		/* ONLCR */
		sprintf(want, "%.*s\r\n", len - 1, line);
		pty_expect(master, want, len + 1);
		prog_nap();
	}
	pty_put(master, "\004", 1);
	prog_reap(pid);
	prog_pass();
}
