// SPDX-License-Identifier: Apache-2.0
/* A journal beside a file that is written: not open when the job stops, but as it was later. */
#include "prog.h"

static unsigned long n;

static void check(void)
{
	char text[64] = "";

	CHECK(prog_slurp(prog_path("db-journal"), text, sizeof(text)) == 20);
	CHECK_EQ(strtoul(text, NULL, 10), n);
}

static void count(void)
{
	char text[32];
	int fd = open(prog_path("db-journal"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	snprintf(text, sizeof(text), "%020lu", n + 1);
	CHECK_EQ(pwrite(fd, text, 20, 0), 20);
	CHECK(!close(fd));
	n++;
}

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = prog_file("db", 5000, 2, O_RDWR);
	count();
	prog_ready();
	while (!prog_done()) {
		check();
		CHECK_EQ(pwrite(fd, &n, sizeof(n), 100), sizeof(n));
		count();
		prog_nap();
	}
	check();
	prog_pass();
}
