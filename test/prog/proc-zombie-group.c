// SPDX-License-Identifier: Apache-2.0
/* A zombie that leads a process group with living members keeps the group together. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t leader, member;
	siginfo_t si;

	prog_init(argc, argv);
	leader = prog_fork();
	if (!leader) {
		setpgid(0, 0);
		prog_mark("leads");
		prog_await("joined");
		_exit(7);
	}
	prog_await("leads");
	member = prog_fork();
	if (!member) {
		CHECK(!setpgid(0, leader));
		prog_mark("joined");
		while (!prog_done()) {
			CHECK_EQ(getpgrp(), leader);
			prog_nap();
		}
		pause();
		_exit(1);
	}
	CHECK(!waitid(P_PID, leader, &si, WEXITED | WNOWAIT));
	prog_ready();
	prog_wait();
	CHECK_EQ(getpgid(member), leader);
	CHECK_EQ(getpgid(leader), leader);
	CHECK(!kill(-leader, SIGTERM));
	CHECK(!waitid(P_PID, leader, &si, WEXITED));
	CHECK_EQ(si.si_status, 7);
	CHECK(!waitid(P_PID, member, &si, WEXITED));
	CHECK(si.si_code == CLD_KILLED && si.si_status == SIGTERM);
	prog_pass();
}
