// SPDX-License-Identifier: Apache-2.0
/* Holes of files stay holes, and data between them data. */
#include "prog.h"

#define STEP (1 << 20)
#define PIECES 20

static void check(int fd)
{
	char buf[4096];
	struct stat st;
	off_t at;
	int i;

	CHECK(!fstat(fd, &st) && st.st_size == PIECES * (off_t)STEP);
	/* 4 KiB of each MiB; file systems differ in how exact they are. */
	CHECK(st.st_blocks < PIECES * 64);
	for (i = 0; i < PIECES; i++) {
		CHECK_EQ(pread(fd, buf, 4096, i * (off_t)STEP), 4096);
		CHECK(prog_filled(buf, 4096, i));
		CHECK_EQ(pread(fd, buf, 4096, i * (off_t)STEP + STEP / 2), 4096);
		CHECK(prog_zero(buf, 4096));
		at = lseek(fd, i * (off_t)STEP, SEEK_HOLE);
		CHECK(at > i * (off_t)STEP && at < (i + 1) * (off_t)STEP);
	}
}

static int make(const char *name)
{
	int fd = open(prog_path(name), O_RDWR | O_CREAT, 0600), i;
	char buf[4096];

	CHECK(fd >= 0 && !ftruncate(fd, PIECES * (off_t)STEP));
	for (i = 0; i < PIECES; i++) {
		prog_fill(buf, sizeof(buf), i);
		CHECK_EQ(pwrite(fd, buf, sizeof(buf), i * (off_t)STEP), sizeof(buf));
	}
	return fd;
}

int main(int argc, char **argv)
{
	int fd, gone, there;

	prog_init(argc, argv);
	gone = make("gone");
	there = make("there");
	CHECK(!unlink(prog_path("gone")));
	fd = open(prog_path("there"), O_RDWR);
	CHECK_EQ(lseek(there, 5, SEEK_SET), 5);
	check(gone);
	prog_ready();
	prog_wait();
	check(gone);
	check(fd);
	prog_pass();
}
