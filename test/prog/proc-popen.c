// SPDX-License-Identifier: Apache-2.0
/* popen() in a loop gives the command's whole output every time. */
#include "prog.h"

int main(int argc, char **argv)
{
	char cmd[64], line[64];
	int n = 0, got;
	FILE *f;

	prog_init(argc, argv);
	while (!prog_done()) {
		snprintf(cmd, sizeof(cmd), "echo %d; echo end", n);
		f = popen(cmd, "r");
		CHECK(f);
		CHECK(fgets(line, sizeof(line), f));
		CHECK(sscanf(line, "%d", &got) == 1 && got == n);
		CHECK(fgets(line, sizeof(line), f));
		CHECK(!strcmp(line, "end\n"));
		CHECK(!fgets(line, sizeof(line), f));
		CHECK_EQ(pclose(f), 0);
		if (n++ == 3)
			prog_ready();
	}
	prog_pass();
}
