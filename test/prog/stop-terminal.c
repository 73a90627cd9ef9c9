/* SPDX-License-Identifier: Apache-2.0 */
/* Stopped by ^Z on a terminal, twice restored, then continued in the foreground as a shell does. */
#include "pty.h"

static void job(int slave)
{
	char line[16];

	CHECK_EQ(read(slave, line, sizeof(line)), 3);
	CHECK(!memcmp(line, "go\n", 3));
	_exit(5);
}

static void shell(int slave)
{
	int status;
	pid_t pid;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	signal(SIGTTOU, SIG_IGN);
	pid = prog_fork();
	if (!pid) {
		CHECK(!setpgid(0, 0));
		CHECK(!tcsetpgrp(slave, getpid()));
		signal(SIGTTOU, SIG_DFL);
		prog_mark("reading");
		job(slave);
	}
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	CHECK(!tcsetpgrp(slave, getpid()));
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
		prog_nap();
	}
	CHECK(!tcsetpgrp(slave, pid));
	CHECK(!kill(-pid, SIGCONT));
	prog_mark("on");
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 5 << 8);
	_exit(0);
}

int main(int argc, char **argv)
{
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pid = prog_fork();
	if (!pid)
		shell(slave);
	prog_await("reading");
	prog_nap_ms(100);
	pty_put(master, "\032", 1);
	prog_wait();
	prog_await("on");
	pty_put(master, "go\n", 3);
	prog_reap(pid);
	prog_pass();
}
