// SPDX-License-Identifier: Apache-2.0
/* Resource limits, soft and hard, of each process. */
#include "prog.h"

static struct rlimit want[RLIM_NLIMITS];

static void lower(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit l;

	CHECK(!getrlimit(which, &l));
	if (l.rlim_max < hard)
		hard = l.rlim_max;
	if (soft > hard)
		soft = hard;
	l = (struct rlimit){ soft, hard };
	CHECK(!setrlimit(which, &l));
}

static void check(void)
{
	struct rlimit l;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		CHECK(!getrlimit(i, &l));
		if (l.rlim_cur != want[i].rlim_cur || l.rlim_max != want[i].rlim_max)
			prog_fail(__FILE__, __LINE__, "limit %d is %ld/%ld, not %ld/%ld", i,
				  (long)l.rlim_cur, (long)l.rlim_max,
				  (long)want[i].rlim_cur, (long)want[i].rlim_max);
	}
}

int main(int argc, char **argv)
{
	pid_t pid;
	int i;

	prog_init(argc, argv);
	pid = prog_fork();
	lower(RLIMIT_NOFILE, pid ? 200 : 100, 250);
	lower(RLIMIT_CORE, 4096, 8192);
	lower(RLIMIT_STACK, 4 << 20, 16 << 20);
	lower(RLIMIT_FSIZE, 1 << 30, 1UL << 31);
	lower(RLIMIT_CPU, 100000, 200000);
	for (i = 0; i < RLIM_NLIMITS; i++)
		CHECK(!getrlimit(i, &want[i]));
	if (!pid) {
		prog_mark("up");
		prog_watch(check);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_watch(check);
	prog_reap(pid);
	prog_pass();
}
