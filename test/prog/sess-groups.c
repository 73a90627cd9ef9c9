// SPDX-License-Identifier: Apache-2.0
/* Several sessions and process groups with several members each. */
#include "prog.h"

#define SESSIONS 3
#define GROUPS 3

static void hold(pid_t sid, pid_t pgid)
{
	while (!prog_done()) {
		CHECK_EQ(getsid(0), sid);
		CHECK_EQ(getpgrp(), pgid);
		prog_nap_ms(20);
	}
}

static void session(int n)
{
	pid_t sid = setsid(), kids[GROUPS][2];
	char name[32];
	int g;

	CHECK_EQ(sid, getpid());
	for (g = 0; g < GROUPS; g++) {
		kids[g][0] = prog_fork();
		if (!kids[g][0]) {
			CHECK(!setpgid(0, 0));
			hold(sid, getpid());
			_exit(0);
		}
		setpgid(kids[g][0], kids[g][0]);
		kids[g][1] = prog_fork();
		if (!kids[g][1]) {
			CHECK(!setpgid(0, kids[g][0]));
			hold(sid, kids[g][0]);
			_exit(0);
		}
		setpgid(kids[g][1], kids[g][0]);
	}
	snprintf(name, sizeof(name), "up.%d", n);
	prog_mark(name);
	hold(sid, sid);
	for (g = 0; g < GROUPS; g++) {
		CHECK_EQ(waitpid(-kids[g][0], NULL, 0) > 0, 1);
		CHECK_EQ(waitpid(-kids[g][0], NULL, 0) > 0, 1);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t kids[SESSIONS];
	char name[32];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < SESSIONS; i++) {
		kids[i] = prog_fork();
		if (!kids[i])
			session(i);
	}
	for (i = 0; i < SESSIONS; i++) {
		snprintf(name, sizeof(name), "up.%d", i);
		prog_await(name);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < SESSIONS; i++)
		prog_reap(kids[i]);
	prog_pass();
}
