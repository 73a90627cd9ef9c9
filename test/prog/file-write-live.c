// SPDX-License-Identifier: Apache-2.0
/* A file written and rewritten at an advancing offset has every record at the end. */
#include "prog.h"

struct record {
	uint64_t n, noise;
};

int main(int argc, char **argv)
{
	struct record r;
	uint64_t n, count = 0;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("data", 0, 0, O_RDWR);
	prog_ready();
	while (!prog_done()) {
		r = (struct record){ count, prog_noise(count) };
		CHECK_EQ(write(fd, &r, sizeof(r)), sizeof(r));
		count++;
		/* Reading elsewhere in the file does not move the offset. */
		CHECK_EQ(pread(fd, &r, sizeof(r), (count / 2) * sizeof(r)) >= 0, 1);
		prog_nap_ms(1);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), count * sizeof(r));
	for (n = 0; n < count; n++) {
		CHECK_EQ(pread(fd, &r, sizeof(r), n * sizeof(r)), sizeof(r));
		CHECK(r.n == n && r.noise == prog_noise(n));
	}
	prog_pass();
}
