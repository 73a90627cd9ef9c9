// SPDX-License-Identifier: Apache-2.0
/* A child in its own session whose own children stay in the older session's group. */
#include "prog.h"

/* The order matters at restart: the grandchild was born before its parent left the session. */
int main(int argc, char **argv)
{
	pid_t kid, outer_sid, outer_pgrp;

	prog_init(argc, argv);
	if (getpid() != getpgrp())
		setsid();
	outer_sid = getsid(0);
	outer_pgrp = getpgrp();
	kid = prog_fork();
	if (!kid) {
		pid_t grand = prog_fork();

		if (!grand) {
			while (!prog_done()) {
				CHECK_EQ(getsid(0), outer_sid);
				CHECK_EQ(getpgrp(), outer_pgrp);
				prog_nap();
			}
			_exit(0);
		}
		CHECK(setsid() == getpid());
		prog_mark("up");
		prog_wait();
		CHECK_EQ(getsid(0), getpid());
		prog_reap(grand);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_reap(kid);
	prog_pass();
}
