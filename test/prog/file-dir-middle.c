// SPDX-License-Identifier: Apache-2.0
/* Reading a directory goes on where it stood, each entry once. */
#include "prog.h"

#include <dirent.h>

#define FILES 300

int main(int argc, char **argv)
{
	bool seen[FILES] = { 0 };
	struct dirent *e;
	char name[32];
	int i, n = 0;
	DIR *d;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("many"), 0755));
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		close(prog_file(name, 0, 1, O_RDONLY));
	}
	d = opendir(prog_path("many"));
	CHECK(d);
	while (n < FILES / 3 && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			CHECK(!seen[atoi(e->d_name)]);
			seen[atoi(e->d_name)] = true;
			n++;
		}
	/* Without what libc has read ahead. */
	seekdir(d, telldir(d));
	prog_ready();
	prog_wait();
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			CHECK(!seen[atoi(e->d_name)]);
			seen[atoi(e->d_name)] = true;
			n++;
		}
	CHECK_EQ(n, FILES);
	prog_pass();
}
