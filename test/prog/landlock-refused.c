// SPDX-License-Identifier: Apache-2.0
/* A Landlock domain. */
#include "prog.h"

#include <linux/landlock.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_BLOCK };
	int fd;

	prog_init(argc, argv);
	fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		prog_skip("no Landlock here");
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!syscall(SYS_landlock_restrict_self, fd, 0));
	close(fd);
	prog_ready();
	prog_wait();
	prog_pass();
}
