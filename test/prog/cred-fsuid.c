// SPDX-License-Identifier: Apache-2.0
/* Another user and group for files only, as file servers have. */
#include "prog.h"

#include <sys/fsuid.h>

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	prog_init(argc, argv);
	if (geteuid())
		prog_skip("only root can act for somebody else");
	CHECK(!chmod(prog_dir, 0777));
	prog_ready();
	setfsgid(6543);
	setfsuid(5432);
	CHECK_EQ(setfsuid(-1), 5432);
	prog_wait();
	CHECK_EQ(setfsuid(-1), 5432);
	CHECK_EQ(setfsgid(-1), 6543);
	CHECK_EQ(geteuid(), 0);
	fd = open(prog_path("of-other"), O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && !fstat(fd, &st));
	CHECK_EQ(st.st_uid, 5432);
	CHECK_EQ(st.st_gid, 6543);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
	setfsuid(0);
	setfsgid(0);
	CHECK(open("/etc/shadow", O_RDONLY) >= 0);
	prog_pass();
}
