/* SPDX-License-Identifier: Apache-2.0 */
/* More input than a terminal holds: what does not fit waits, and nothing is lost or doubled. */
#include "pty.h"

#define MAX 65536

static char data[MAX], got[MAX];

int main(int argc, char **argv)
{
	int master, slave, i;
	size_t len = 0, have = 0;
	ssize_t n;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_raw(slave);
	for (i = 0; i < MAX; i++)
		data[i] = prog_noise(i);
	CHECK(!fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK));
	for (i = 0; i < 20; i++) {
		while ((n = write(master, data + len, MAX - len)) > 0)
			len += n;
		prog_nap();
	}
	CHECK(len > 4096 && len < MAX);
	prog_ready();
	prog_wait();
	while (have < len && pty_ready(slave, POLLIN, 20000)) {
		n = read(slave, got + have, sizeof(got) - have);
		CHECK(n > 0);
		have += n;
	}
	CHECK_EQ(have, len);
	CHECK(!memcmp(data, got, len));
	CHECK(!pty_ready(slave, POLLIN, 200));
	CHECK(fcntl(master, F_GETFL) & O_NONBLOCK);
	prog_pass();
}
