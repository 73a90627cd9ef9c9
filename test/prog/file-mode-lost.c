// SPDX-License-Identifier: Apache-2.0
/* Files whose mode forbids now what they were opened for. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[101];
	int rw, ro, wo;

	prog_init(argc, argv);
	rw = prog_file("rw", 100, 1, O_RDWR);
	ro = prog_file("ro", 100, 2, O_RDONLY);
	wo = prog_file("wo", 100, 3, O_WRONLY);
	CHECK(!fchmod(rw, 0) && !chmod(prog_path("ro"), 0) && !fchmod(wo, 0400));
	CHECK_EQ(lseek(wo, 50, SEEK_SET), 50);
	prog_ready();
	prog_wait();
	CHECK_EQ(pread(rw, buf, sizeof(buf), 0), 100);
	CHECK(prog_filled(buf, 100, 1));
	CHECK_EQ(pwrite(rw, "x", 1, 0), 1);
	CHECK_EQ(read(ro, buf, sizeof(buf)), 100);
	CHECK(prog_filled(buf, 100, 2));
	CHECK_EQ(write(wo, "y", 1), 1);
	CHECK_EQ(lseek(wo, 0, SEEK_CUR), 51);
	prog_pass();
}
