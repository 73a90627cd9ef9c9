// SPDX-License-Identifier: Apache-2.0
/* A writer blocked on a full pipe goes on when the reader, much later, starts to read. */
#include "prog.h"

#include <sys/ioctl.h>

#define TOTAL 400000

int main(int argc, char **argv)
{
	static char data[TOTAL], got[TOTAL];
	ssize_t n, len = 0;
	int p[2], queued = 0;
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!pipe(p));
	pid = prog_fork();
	if (!pid) {
		close(p[0]);
		prog_fill(data, TOTAL, 2);
		/* One call: no short write, no EINTR. */
		CHECK_EQ(write(p[1], data, TOTAL), TOTAL);
		_exit(0);
	}
	close(p[1]);
	while (ioctl(p[0], FIONREAD, &queued) || queued < 60000)
		prog_nap();
	prog_ready();
	prog_wait();
	while ((n = read(p[0], got + len, TOTAL - len)) > 0)
		len += n;
	CHECK_EQ(n, 0);
	CHECK_EQ(len, TOTAL);
	CHECK(prog_filled(got, TOTAL, 2));
	prog_reap(pid);
	prog_pass();
}
