// SPDX-License-Identifier: Apache-2.0
/* A deleted file keeps its mode, times and extended attributes. */
#include "prog.h"

#include <sys/xattr.h>

int main(int argc, char **argv)
{
	struct timespec t[2] = { { 1000000000, 5 }, { 1100000000, 7 } };
	struct stat st;
	char buf[16];
	bool xattr;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("gone", 100, 1, O_RDWR);
	CHECK(!fchmod(fd, 0641));
	xattr = !fsetxattr(fd, "user.cairn", "value", 5, 0);
	CHECK(!unlink(prog_path("gone")) && !futimens(fd, t));
	prog_ready();
	prog_wait();
	CHECK(!fstat(fd, &st));
	CHECK_EQ(st.st_mode & 07777, 0641);
	CHECK(st.st_uid == geteuid() && st.st_gid == getegid());
	CHECK(st.st_mtim.tv_sec == 1100000000 && st.st_mtim.tv_nsec == 7);
	CHECK_EQ(st.st_atim.tv_sec, 1000000000);
	if (xattr) {
		CHECK_EQ(fgetxattr(fd, "user.cairn", buf, sizeof(buf)), 5);
		CHECK(!memcmp(buf, "value", 5));
	}
	prog_pass();
}
