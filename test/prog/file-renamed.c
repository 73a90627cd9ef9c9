// SPDX-License-Identifier: Apache-2.0
/* A file renamed since it was opened, and one whose name now belongs to another. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat st, named;
	char buf[64];
	int moved, replaced;

	prog_init(argc, argv);
	moved = prog_file("old", 40, 1, O_RDWR);
	CHECK(!rename(prog_path("old"), prog_path("new")));
	replaced = prog_file("victim", 40, 2, O_RDWR);
	close(prog_file("usurper", 50, 3, O_RDONLY));
	CHECK(!rename(prog_path("usurper"), prog_path("victim")));
	prog_ready();
	prog_wait();
	CHECK_EQ(read(moved, buf, 64), 40);
	CHECK(prog_filled(buf, 40, 1));
	CHECK(!fstat(moved, &st) && !stat(prog_path("new"), &named));
	CHECK(st.st_ino == named.st_ino);
	CHECK_EQ(read(replaced, buf, 64), 40);
	CHECK(prog_filled(buf, 40, 2));
	prog_pass();
}
