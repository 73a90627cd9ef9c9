/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell's work: one group in the foreground, one in the background that stopped itself because
 * it wanted to read. The shell has not been told of the stop; then it puts that one into the
 * foreground.
 */
#include "pty.h"

static void reader(int slave)
{
	char c;

	CHECK(!setpgid(0, 0));
	CHECK_EQ(read(slave, &c, 1), 1);
	CHECK_EQ(c, 'x');
	_exit(0);
}

static void front(void)
{
	CHECK(!setpgid(0, 0));
	prog_mark("front");
	for (;;)
		pause();
}

static void shell(int slave)
{
	siginfo_t info = { 0 };
	pid_t back, fore;
	int status;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	signal(SIGTTOU, SIG_IGN);
	fore = prog_fork();
	if (!fore) {
		signal(SIGTTOU, SIG_DFL);
		front();
	}
	prog_await("front");
	CHECK(!tcsetpgrp(slave, fore));
	back = prog_fork();
	if (!back)
		reader(slave);
	CHECK_EQ(waitid(P_PID, back, &info, WSTOPPED | WNOWAIT), 0);
	prog_mark("up");
	while (!prog_done()) {
		CHECK_EQ(tcgetpgrp(slave), fore);
		CHECK_EQ(getpgid(back), back);
		prog_nap();
	}
	CHECK_EQ(waitpid(back, &status, WUNTRACED), back);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	CHECK(!tcsetpgrp(slave, back));
	CHECK(!kill(-back, SIGCONT));
	prog_mark("type");
	prog_reap(back);
	kill(fore, SIGKILL);
	CHECK_EQ(waitpid(fore, &status, 0), fore);
	CHECK(!tcsetpgrp(slave, getpid()));
	_exit(0);
}

int main(int argc, char **argv)
{
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pid = prog_fork();
	if (!pid) {
		close(master);
		shell(slave);
	}
	close(slave);
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_await("type");
	pty_put(master, "x\n", 2);
	prog_reap(pid);
	prog_pass();
}
