// SPDX-License-Identifier: Apache-2.0
/* Current directories in /proc, of a process that lives and of one that is gone; what init says. */
#include "prog.h"

#include <sys/prctl.h>

static int init;

static void check_init(void)
{
	char buf[4096];
	ssize_t n = pread(init, buf, sizeof(buf) - 1, 0);

	CHECK(n > 0);
	buf[n] = 0;
	CHECK(strstr(buf, "\nPid:\t1\n"));
}

/* Those of gone say that there is no such process. */
static void check_gone(void)
{
	char buf[PATH_MAX];

	CHECK(open("stat", O_RDONLY) < 0 && errno == ESRCH);
	CHECK(!getcwd(buf, sizeof(buf)) && errno == ENOENT);
}

static void check_here(void)
{
	char buf[32] = "";

	CHECK(prog_slurp("comm", buf, sizeof(buf)) > 0);
	CHECK(!strcmp(buf, "that-lives\n"));
}

static void in_directory_of(pid_t pid, const char *entered, const char *begin, void (*check)(void))
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	CHECK(!chdir(path));
	prog_mark(entered);
	prog_await(begin);
	check();
	prog_mark(check == check_gone ? "saw-gone" : "saw-here");
	prog_wait();
	check();
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t gone, here, in_gone, in_here;

	prog_init(argc, argv);
	init = open("/proc/1/status", O_RDONLY);
	CHECK(init >= 0);
	check_init();
	gone = prog_fork();
	if (!gone) {
		prog_await("entered");
		_exit(0);
	}
	here = prog_fork();
	if (!here) {
		prctl(PR_SET_NAME, "that-lives");
		prog_mark("named");
		prog_wait();
		prog_await("done");
		_exit(0);
	}
	in_gone = prog_fork();
	if (!in_gone)
		in_directory_of(gone, "entered", "reaped", check_gone);
	prog_reap(gone);
	prog_mark("reaped");
	prog_await("named");
	in_here = prog_fork();
	if (!in_here)
		in_directory_of(here, "there", "there", check_here);
	prog_await("saw-gone");
	prog_await("saw-here");
	prog_ready();
	prog_wait();
	check_init();
	prog_reap(in_gone);
	prog_reap(in_here);
	prog_mark("done");
	prog_reap(here);
	prog_pass();
}
