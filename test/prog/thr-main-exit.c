// SPDX-License-Identifier: Apache-2.0
/* The first thread has called pthread_exit; the others go on under its process id. */
#include "prog.h"

static pid_t pid;

static void *thread(void *arg)
{
	char path[64], text[512];
	pid_t tid = prog_tid();

	(void)arg;
	/* The first thread is a zombie from here on. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", pid);
	do {
		prog_nap();
		CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	} while (!strstr(text, ") Z "));
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(prog_tid(), tid);
		CHECK_EQ(getpid(), pid);
		prog_nap();
	}
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, ") Z "));
	prog_pass();
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	pid = getpid();
	prog_thread(&t, thread, NULL);
	pthread_detach(t);
	pthread_exit(NULL);
}
