/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a controlling terminal: its leader, its group, /dev/tty, and what ^C does. */
#include "pty.h"

static volatile sig_atomic_t interrupts;

static void on_int(int sig)
{
	interrupts++;
}

static int tty_nr(void)
{
	char text[1024], *p;
	int nr;

	CHECK(prog_slurp("/proc/self/stat", text, sizeof(text)) > 0);
	p = strrchr(text, ')');
	CHECK_EQ(sscanf(p + 2, "%*c %*d %*d %*d %d", &nr), 1);
	return nr;
}

static void leader(int slave)
{
	struct sigaction act = { .sa_handler = on_int };
	struct stat st;
	int tty, fresh, nr;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	sigaction(SIGINT, &act, NULL);
	tty = open("/dev/tty", O_RDWR);
	CHECK(tty >= 0);
	nr = tty_nr();
	CHECK(nr != 0);
	prog_mark("up");
	while (!prog_done()) {
		CHECK_EQ(tcgetsid(slave), getpid());
		CHECK_EQ(tcgetsid(tty), getpid());
		CHECK_EQ(tcgetpgrp(tty), getpid());
		CHECK_EQ(tty_nr(), nr);
		CHECK(!fstat(slave, &st));
		CHECK_EQ(nr, (int)((st.st_rdev & 0xff) | major(st.st_rdev) << 8));
		CHECK(!fstat(tty, &st));
		CHECK_EQ(st.st_rdev, makedev(5, 0));
		fresh = open("/dev/tty", O_RDWR);
		CHECK(fresh >= 0);
		close(fresh);
		CHECK(!interrupts);
		prog_nap();
	}
	pty_put(tty, "ready", 5);
	while (!interrupts)
		prog_nap();
	_exit(0);
}

int main(int argc, char **argv)
{
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_local(slave, ECHO, 0);
	pid = prog_fork();
	if (!pid) {
		close(master);
		leader(slave);
	}
	close(slave);
	prog_await("up");
	prog_ready();
	prog_wait();
	CHECK_EQ(tcgetsid(master), pid);
	pty_expect(master, "ready", 5);
	pty_put(master, "\003", 1);
	prog_reap(pid);
	prog_pass();
}
