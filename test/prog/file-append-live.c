// SPDX-License-Identifier: Apache-2.0
/* Lines appended all the time: each one is there once and in order at the end. */
#include "prog.h"

int main(int argc, char **argv)
{
	char line[64];
	long n = 0, i = 0, got;
	int fd, len;
	FILE *f;

	prog_init(argc, argv);
	fd = prog_file("log", 0, 0, O_WRONLY | O_APPEND);
	prog_ready();
	while (!prog_done()) {
		len = snprintf(line, sizeof(line), "%ld\n", n++);
		CHECK_EQ(write(fd, line, len), len);
		prog_nap_ms(1);
	}
	f = fopen(prog_path("log"), "r");
	CHECK(f);
	while (fscanf(f, "%ld", &got) == 1)
		CHECK_EQ(got, i++);
	CHECK_EQ(i, n);
	prog_pass();
}
