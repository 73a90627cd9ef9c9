// SPDX-License-Identifier: Apache-2.0
/* The set of descriptor numbers stays exact, with gaps, high ones and closed stdin. */
#include "prog.h"

#include <dirent.h>

#define MAX 1024

static char open_before[MAX];

static void list(char *set)
{
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");

	CHECK(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d) && atoi(e->d_name) < MAX)
			set[atoi(e->d_name)] = 1;
	closedir(d);
}

static void check(void)
{
	char now[MAX] = { 0 };
	int i;

	list(now);
	for (i = 0; i < MAX; i++)
		if (now[i] != open_before[i])
			prog_fail(__FILE__, __LINE__, "descriptor %d is %s", i,
				  now[i] ? "new" : "gone");
}

int main(int argc, char **argv)
{
	int fd, i;

	prog_init(argc, argv);
	close(0);
	fd = prog_file("data", 10, 1, O_RDONLY);
	for (i = 40; i < 900; i += 37)
		CHECK_EQ(dup2(fd, i), i);
	close(fd);
	list(open_before);
	prog_ready();
	prog_watch(check);
	CHECK_EQ(open("/dev/null", O_RDONLY), 0);
	prog_pass();
}
