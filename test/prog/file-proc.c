// SPDX-License-Identifier: Apache-2.0
/* Open files of /proc/self and a directory of /proc work as before. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[4096], want[64];
	int fd;
	ssize_t n;

	prog_init(argc, argv);
	fd = open("/proc/self/status", O_RDONLY);
	CHECK(fd >= 0);
	prog_ready();
	prog_wait();
	n = pread(fd, buf, sizeof(buf) - 1, 0);
	CHECK(n > 0);
	buf[n] = 0;
	snprintf(want, sizeof(want), "\nPid:\t%d\n", getpid());
	CHECK(strstr(buf, want));
	prog_pass();
}
