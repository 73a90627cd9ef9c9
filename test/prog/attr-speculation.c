// SPDX-License-Identifier: Apache-2.0
/* PR_SET_SPECULATION_CTRL, where the processor leaves a choice. */
#include "prog.h"

#include <sys/prctl.h>

int main(int argc, char **argv)
{
	int before[3], which, set = 0;

	prog_init(argc, argv);
	for (which = 0; which < 3; which++) {
		before[which] = prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
		if (before[which] > 0 && before[which] & PR_SPEC_PRCTL &&
		    !prctl(PR_SET_SPECULATION_CTRL, which, PR_SPEC_DISABLE, 0, 0))
			set++;
		before[which] = prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
	}
	if (!set)
		prog_skip("this processor leaves no choice");
	prog_ready();
	prog_wait();
	for (which = 0; which < 3; which++)
		CHECK_EQ(prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0), before[which]);
	prog_pass();
}
