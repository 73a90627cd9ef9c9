// SPDX-License-Identifier: Apache-2.0
/* A double-forked daemon in its own session, whose parent is gone, keeps its relations. */
#include "prog.h"

static pid_t dpid, dppid, dsid;

static void check(void)
{
	CHECK_EQ(getpid(), dpid);
	CHECK_EQ(getppid(), dppid);
	CHECK_EQ(getsid(0), dsid);
	CHECK_EQ(getpgrp(), dsid);
	CHECK(dsid != dpid);
}

static void daemon_main(pid_t middle)
{
	while (getppid() == middle)
		prog_nap();
	dpid = getpid();
	dppid = getppid();
	dsid = getsid(0);
	CHECK_EQ(dsid, middle);
	prog_mark("daemon");
	prog_watch(check);
	prog_mark("daemon-well");
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t middle;

	prog_init(argc, argv);
	middle = prog_fork();
	if (!middle) {
		setsid();
		middle = getpid();
		if (!prog_fork())
			daemon_main(middle);
		_exit(0);
	}
	prog_reap(middle);
	prog_await("daemon");
	prog_ready();
	prog_wait();
	prog_await("daemon-well");
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
	prog_pass();
}
