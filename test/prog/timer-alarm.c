// SPDX-License-Identifier: Apache-2.0
/* A far alarm keeps its remaining time, and a near one set afterwards fires. */
#include "prog.h"

static volatile sig_atomic_t fired;

static void on_alarm(int sig)
{
	fired = sig;
}

int main(int argc, char **argv)
{
	unsigned int left;

	prog_init(argc, argv);
	signal(SIGALRM, on_alarm);
	alarm(100000);
	prog_ready();
	prog_wait();
	CHECK(!fired);
	left = alarm(1);
	CHECK(left > 90000 && left <= 100000);
	while (!fired)
		prog_nap();
	prog_pass();
}
