// SPDX-License-Identifier: Apache-2.0
/* An open directory keeps its position: the entries read before and after make the whole. */
#include "prog.h"

#include <dirent.h>

#define N 2000

int main(int argc, char **argv)
{
	static char seen[N];
	struct dirent *e;
	char name[32];
	DIR *d;
	int i, fd;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("many"), 0777));
	fd = open(prog_path("many"), O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0);
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "entry-%d", i);
		CHECK(!mknodat(fd, name, S_IFREG | 0666, 0));
	}
	d = opendir(prog_path("many"));
	CHECK(d);
	for (i = 0; i < 700 && (e = readdir(d)); i++)
		if (sscanf(e->d_name, "entry-%d", &fd) == 1)
			seen[fd]++;
	prog_ready();
	prog_wait();
	while ((e = readdir(d)))
		if (sscanf(e->d_name, "entry-%d", &fd) == 1)
			seen[fd]++;
	for (i = 0; i < N; i++)
		CHECK_EQ(seen[i], 1);
	CHECK(!closedir(d));
	prog_pass();
}
