/* SPDX-License-Identifier: Apache-2.0 */
/* Output that stands still, after ^S and after tcflow(); each goes on its own way only. */
#include "pty.h"

static int master[2], slave[2];

static void check(void)
{
	int i;

	for (i = 0; i < 2; i++)
		CHECK(!pty_ready(slave[i], POLLOUT, 0));
}

int main(int argc, char **argv)
{
	int i;

	prog_init(argc, argv);
	for (i = 0; i < 2; i++) {
		pty_pair(&master[i], &slave[i]);
		pty_local(slave[i], ECHO, 0);
		pty_put(slave[i], "before", 6);
		CHECK(pty_ready(master[i], POLLIN, 20000));
	}
	pty_put(master[0], "\023", 1);
	CHECK(!tcflow(slave[1], TCOOFF));
	while (pty_ready(slave[0], POLLOUT, 0))
		prog_nap();
	prog_ready();
	prog_watch(check);
	for (i = 0; i < 2; i++)
		pty_expect(master[i], "before", 6);
	check();
	for (i = 0; i < 2; i++)
		pty_put(master[i], "\021", 1);
	CHECK(pty_ready(slave[0], POLLOUT, 20000));
	CHECK(!pty_ready(slave[1], POLLOUT, 200));
	CHECK(!tcflow(slave[1], TCOON));
	CHECK(pty_ready(slave[1], POLLOUT, 20000));
	for (i = 0; i < 2; i++)
		pty_works(master[i], slave[i]);
	prog_pass();
}
