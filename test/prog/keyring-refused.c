// SPDX-License-Identifier: Apache-2.0
/* A session keyring of its own. */
#include "prog.h"

#include <linux/keyctl.h>

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		prog_skip("no keyrings here");
	prog_ready();
	prog_wait();
	prog_pass();
}
