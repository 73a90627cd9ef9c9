// SPDX-License-Identifier: Apache-2.0
/* A thread other than the first executes a new program, which takes the first one's id. */
#include "prog.h"

static char **args;

static void *thread(void *arg)
{
	char *again[] = { args[0], args[1], arg, NULL };

	execv("/proc/self/exe", again);
	prog_fail(__FILE__, __LINE__, "execv");
}

int main(int argc, char **argv)
{
	char id[32];
	pthread_t t;

	prog_init(argc, argv);
	if (argc == 2) {
		args = argv;
		snprintf(id, sizeof(id), "%d", getpid());
		prog_thread(&t, thread, id);
		for (;;)
			pause();
	}
	CHECK_EQ(getpid(), atoi(argv[2]));
	CHECK_EQ(prog_tid(), getpid());
	prog_ready();
	prog_wait();
	CHECK_EQ(prog_tid(), getpid());
	prog_pass();
}
