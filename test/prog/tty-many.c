/* SPDX-License-Identifier: Apache-2.0 */
/* Several ptys, some numbers in between given back, a slave opened several times. */
#include "pty.h"

#define N 6

int main(int argc, char **argv)
{
	int master[N], slave[N], second, dup_of, i, number[N], n, fresh;
	char name[64];

	prog_init(argc, argv);
	for (i = 0; i < N; i++) {
		pty_pair(&master[i], &slave[i]);
		CHECK(!ioctl(master[i], TIOCGPTN, &number[i]));
	}
	for (i = 0; i < N; i += 2) {
		close(slave[i]);
		close(master[i]);
	}
	second = pty_slave(master[3]);
	dup_of = dup(slave[3]);
	CHECK(!fcntl(second, F_SETFL, O_NONBLOCK));
	prog_ready();
	while (!prog_done()) {
		for (i = 1; i < N; i += 2) {
			CHECK(!ioctl(master[i], TIOCGPTN, &n));
			CHECK_EQ(n, number[i]);
			pty_works(master[i], slave[i]);
		}
		CHECK(!(fcntl(slave[3], F_GETFL) & O_NONBLOCK));
		CHECK(!(fcntl(dup_of, F_GETFL) & O_NONBLOCK));
		CHECK(fcntl(second, F_GETFL) & O_NONBLOCK);
		CHECK_EQ(read(second, name, 1), -1);
		CHECK_EQ(errno, EAGAIN);
		prog_nap();
	}
	/* A new one is none of those that exist. */
	fresh = pty_master();
	CHECK(!ioctl(fresh, TIOCGPTN, &n));
	for (i = 1; i < N; i += 2)
		CHECK(n != number[i]);
	pty_works(fresh, pty_slave(fresh));
	prog_pass();
}
