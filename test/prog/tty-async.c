/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants a signal for input gets none for what is there already, and one for what comes. */
#include "pty.h"

static volatile sig_atomic_t io;

static void on_io(int sig)
{
	io++;
}

static void check(void)
{
	CHECK_EQ(io, 0);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_io, .sa_flags = SA_RESTART };
	int master, slave;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_put(slave, "out", 3);
	pty_put(master, "in\n", 3);
	CHECK(pty_ready(slave, POLLIN, 20000));
	CHECK(pty_ready(master, POLLIN, 20000));
	prog_nap_ms(100);
	sigaction(SIGIO, &act, NULL);
	CHECK(!fcntl(master, F_SETOWN, getpid()));
	CHECK(!fcntl(slave, F_SETOWN, getpid()));
	CHECK(!fcntl(master, F_SETFL, O_RDWR | O_ASYNC));
	CHECK(!fcntl(slave, F_SETFL, O_RDWR | O_ASYNC));
	prog_ready();
	prog_watch(check);
	pty_put(slave, "more", 4);
	while (!io)
		prog_nap();
	prog_pass();
}
