// SPDX-License-Identifier: Apache-2.0
/* The names of the first thread and of others. */
#include "prog.h"

#include <sys/prctl.h>

static void *thread(void *arg)
{
	char name[17] = "";

	CHECK(!prctl(PR_SET_NAME, arg));
	prog_mark("up");
	prog_wait();
	CHECK(!prctl(PR_GET_NAME, name));
	CHECK(!strcmp(name, arg));
	return NULL;
}

int main(int argc, char **argv)
{
	char text[64];
	pthread_t t;

	prog_init(argc, argv);
	prog_thread(&t, thread, "odd ) (name\n");
	prog_await("up");
	CHECK(!prctl(PR_SET_NAME, "the-leader-name"));
	prog_ready();
	while (!prog_done()) {
		CHECK(prog_slurp("/proc/self/comm", text, sizeof(text)) > 0);
		CHECK(!strcmp(text, "the-leader-name\n"));
		prog_nap();
	}
	pthread_join(t, NULL);
	prog_pass();
}
