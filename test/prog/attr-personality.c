// SPDX-License-Identifier: Apache-2.0
/* The personality flag against address randomisation is kept. */
#include "prog.h"

#include <sys/personality.h>

int main(int argc, char **argv)
{
	int was;

	prog_init(argc, argv);
	was = personality(0xffffffff);
	if (personality(was | ADDR_NO_RANDOMIZE) < 0)
		prog_skip("the personality may not be changed here");
	prog_ready();
	prog_wait();
	CHECK_EQ(personality(0xffffffff), was | ADDR_NO_RANDOMIZE);
	prog_pass();
}
