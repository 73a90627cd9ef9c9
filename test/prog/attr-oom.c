// SPDX-License-Identifier: Apache-2.0
/* The OOM score adjustments of a process and its child, which it inherits from. */
#include "prog.h"

static void put(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

static void check(int want)
{
	char text[32];

	CHECK(prog_slurp("/proc/self/oom_score_adj", text, sizeof(text)) > 0);
	CHECK_EQ(atoi(text), want);
}

int main(int argc, char **argv)
{
	pid_t child;

	prog_init(argc, argv);
	put("123");
	child = prog_fork();
	if (!child) {
		put("777");
		prog_mark("set");
		prog_wait();
		check(777);
		_exit(0);
	}
	prog_await("set");
	prog_ready();
	prog_wait();
	check(123);
	prog_reap(child);
	prog_pass();
}
