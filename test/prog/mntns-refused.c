// SPDX-License-Identifier: Apache-2.0
/* A mount namespace of its own is refused. */
#include "prog.h"

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		prog_skip("no namespace to be had");
	prog_ready();
	prog_wait();
	prog_pass();
}
