// SPDX-License-Identifier: Apache-2.0
/* A log is at the length of the checkpoint when the job goes on. */
#include "prog.h"

int main(int argc, char **argv)
{
	char want[64], got[200];
	int fd, n = 0, len = 0;

	prog_init(argc, argv);
	fd = open(prog_path("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	CHECK(fd >= 0);
	prog_ready();
	while (!prog_done()) {
		/* Each line is there once, and behind the one before. */
		snprintf(want, sizeof(want), "line %d\n", n++);
		CHECK_EQ(lseek(fd, 0, SEEK_END), len);
		CHECK_EQ(write(fd, want, strlen(want)), strlen(want));
		len += strlen(want);
		prog_nap_ms(1);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_END), len);
	fd = open(prog_path("log"), O_RDONLY);
	CHECK_EQ(pread(fd, got, strlen(want), len - strlen(want)), strlen(want));
	CHECK(!memcmp(got, want, strlen(want)));
	prog_pass();
}
