// SPDX-License-Identifier: Apache-2.0
/* A pid namespace for children to come, which nobody is in yet, is refused. */
#include "prog.h"

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID))
		prog_skip("no namespace to be had");
	prog_ready();
	prog_wait();
	prog_pass();
}
