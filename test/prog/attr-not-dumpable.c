// SPDX-License-Identifier: Apache-2.0
/* A process that has made itself not dumpable stays that way. */
#include "prog.h"

#include <sys/prctl.h>

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	CHECK(!prctl(PR_SET_DUMPABLE, 0));
	prog_ready();
	prog_wait();
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	prog_pass();
}
