// SPDX-License-Identifier: Apache-2.0
/* The exe link, command line, environment and auxiliary vector in /proc/self. */
#include "prog.h"

#include <sys/auxv.h>

static const char *const files[] = {
	"/proc/self/cmdline", "/proc/self/environ", "/proc/self/auxv",
};
static char *before[ARRAY_SIZE(files)];
static ssize_t len[ARRAY_SIZE(files)];
static char exe[PATH_MAX];

static void check(void)
{
	static char buf[1 << 20];
	char link[PATH_MAX] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		CHECK_EQ(prog_slurp(files[i], buf, sizeof(buf)), len[i]);
		if (memcmp(buf, before[i], len[i]))
			prog_fail(__FILE__, __LINE__, "%s differs", files[i]);
	}
	CHECK(readlink("/proc/self/exe", link, sizeof(link) - 1) > 0);
	CHECK(!strcmp(link, exe));
}

int main(int argc, char **argv)
{
	unsigned long phdr, random;
	size_t i;

	prog_init(argc, argv);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		before[i] = malloc(1 << 20);
		len[i] = prog_slurp(files[i], before[i], 1 << 20);
		CHECK(len[i] > 0);
	}
	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	phdr = getauxval(AT_PHDR);
	random = getauxval(AT_RANDOM);
	prog_ready();
	prog_watch(check);
	CHECK(getauxval(AT_PHDR) == phdr && getauxval(AT_RANDOM) == random);
	CHECK(getauxval(AT_PAGESZ) == PAGE);
	prog_pass();
}
