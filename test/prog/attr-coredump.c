// SPDX-License-Identifier: Apache-2.0
/* Which mappings go into a core dump. */
#include "prog.h"

int main(int argc, char **argv)
{
	char text[32];
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	prog_init(argc, argv);
	CHECK_EQ(write(fd, "0x7d", 4), 4);
	close(fd);
	prog_ready();
	prog_wait();
	CHECK(prog_slurp("/proc/self/coredump_filter", text, sizeof(text)) > 0);
	CHECK_EQ(strtoul(text, NULL, 16), 0x7d);
	prog_pass();
}
