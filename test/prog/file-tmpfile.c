// SPDX-License-Identifier: Apache-2.0
/* A file made by O_TMPFILE or tmpfile(), which never had a name. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[300];
	FILE *f;
	int fd;

	prog_init(argc, argv);
	f = tmpfile();
	fd = open(prog_dir, O_TMPFILE | O_RDWR, 0600);
	CHECK(f);
	if (fd < 0)
		prog_skip("the file system has no O_TMPFILE");
	prog_fill(buf, sizeof(buf), 5);
	CHECK_EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	fprintf(f, "first %d\n", 1);
	prog_ready();
	prog_wait();
	memset(buf, 0, sizeof(buf));
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(prog_filled(buf, sizeof(buf), 5));
	fprintf(f, "second\n");
	rewind(f);
	CHECK(fgets(buf, sizeof(buf), f) && !strcmp(buf, "first 1\n"));
	CHECK(fgets(buf, sizeof(buf), f) && !strcmp(buf, "second\n"));
	prog_pass();
}
