// SPDX-License-Identifier: Apache-2.0
/* Counts in memory and in a file for as long as it runs; the simplest job there is. */
#include "prog.h"

int main(int argc, char **argv)
{
	volatile uint64_t count = 0, shadow = 0;

	prog_init(argc, argv);
	prog_ready();
	while (!prog_done()) {
		count++;
		shadow += 3;
		CHECK(count * 3 == shadow);
		prog_nap();
	}
	CHECK(count > 0);
	prog_pass();
}
