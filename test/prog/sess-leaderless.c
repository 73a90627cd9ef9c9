// SPDX-License-Identifier: Apache-2.0
/* A session whose leader is gone, with two groups, one of which has lost its leader as well. */
#include "prog.h"

static volatile sig_atomic_t hit;

static void handler(int sig)
{
	hit = 1;
}

static void member(const char *name, pid_t sid, pid_t pgid)
{
	char text[64];

	signal(SIGUSR1, handler);
	CHECK_EQ(getpgrp(), pgid);
	snprintf(text, sizeof(text), "%d", pgid);
	prog_put(name, text);
	prog_wait();
	CHECK_EQ(getsid(0), sid);
	CHECK_EQ(getpgrp(), pgid);
	while (!hit && !prog_has("result"))
		prog_nap();
	snprintf(text, sizeof(text), "%s-hit", name);
	prog_mark(text);
	_exit(0);
}

static pid_t number(const char *name)
{
	char text[32];

	prog_await(name);
	CHECK(prog_slurp(prog_path(name), text, sizeof(text)) > 0);
	return atoi(text);
}

int main(int argc, char **argv)
{
	pid_t leader, second;

	prog_init(argc, argv);
	leader = prog_fork();
	if (!leader) {
		leader = setsid();
		/* The session's first group. */
		if (!prog_fork())
			member("first", leader, leader);
		second = prog_fork();
		if (!second) {
			setpgid(0, 0);
			second = getpid();
			if (!prog_fork())
				member("second", leader, second);
			prog_await("second");
			_exit(0);
		}
		prog_reap(second);
		prog_await("first");
		_exit(0);
	}
	prog_reap(leader);
	number("second");
	prog_ready();
	prog_wait();
	CHECK_EQ(number("first"), leader);
	CHECK(!kill(-number("first"), SIGUSR1));
	CHECK(!kill(-number("second"), SIGUSR1));
	prog_await("first-hit");
	prog_await("second-hit");
	prog_pass();
}
