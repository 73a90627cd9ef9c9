// SPDX-License-Identifier: Apache-2.0
/* system() in a loop gives the command's exit status every time. */
#include "prog.h"

int main(int argc, char **argv)
{
	int n = 0, status;

	prog_init(argc, argv);
	while (!prog_done()) {
		status = system("exit 5");
		CHECK(status != -1 && WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 5);
		if (n++ == 3)
			prog_ready();
	}
	prog_pass();
}
