// SPDX-License-Identifier: Apache-2.0
/* A deleted file of very many pieces. */
#include "prog.h"

#define PIECES 1500
#define STEP 65536

int main(int argc, char **argv)
{
	char buf[512];
	int fd, i;

	prog_init(argc, argv);
	fd = open(prog_path("gone"), O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && !unlink(prog_path("gone")));
	for (i = 0; i < PIECES; i++) {
		prog_fill(buf, sizeof(buf), i);
		CHECK_EQ(pwrite(fd, buf, sizeof(buf), i * (off_t)STEP), sizeof(buf));
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < PIECES; i++) {
		CHECK_EQ(pread(fd, buf, sizeof(buf), i * (off_t)STEP), sizeof(buf));
		CHECK(prog_filled(buf, sizeof(buf), i));
	}
	prog_pass();
}
