// SPDX-License-Identifier: Apache-2.0
/* An open directory that was removed stays one object, also as the working directory. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat a, b, c;
	char path[PATH_MAX];
	int one, two;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("gone"), 0750) && !chmod(prog_path("gone"), 0750));
	one = open(prog_path("gone"), O_RDONLY | O_DIRECTORY);
	two = open(prog_path("gone"), O_RDONLY | O_DIRECTORY);
	CHECK(one >= 0 && two >= 0 && !fchdir(one) && !rmdir(prog_path("gone")));
	prog_ready();
	prog_wait();
	CHECK(!fstat(one, &a) && !fstat(two, &b) && !stat(".", &c));
	CHECK(S_ISDIR(a.st_mode) && (a.st_mode & 07777) == 0750);
	CHECK_EQ(a.st_nlink, 0);
	CHECK(a.st_ino == b.st_ino && a.st_ino == c.st_ino && a.st_dev == c.st_dev);
	CHECK(!prog_has("gone"));
	CHECK(!getcwd(path, sizeof(path)) && errno == ENOENT);
	CHECK(openat(one, "new", O_CREAT | O_WRONLY, 0600) == -1 && errno == ENOENT);
	prog_pass();
}
