// SPDX-License-Identifier: Apache-2.0
/* What a process has registered for with membarrier() it may go on using. */
#include "prog.h"

#include <linux/membarrier.h>

static int command(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

static void check(void)
{
	CHECK(!command(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
	CHECK(!command(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
	CHECK(command(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) && errno == EPERM);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (command(MEMBARRIER_CMD_QUERY) < 0)
		prog_skip("this kernel has no membarrier()");
	CHECK(!command(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED));
	CHECK(!command(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED));
	prog_ready();
	prog_watch(check);
	prog_pass();
}
