// SPDX-License-Identifier: Apache-2.0
/* The stack holds its contents and still grows by itself, in the first thread and others. */
#include "prog.h"

static long __attribute__((noinline)) recurse(int depth)
{
	volatile char frame[4096];
	long below;

	frame[0] = depth;
	frame[4095] = depth >> 8;
	below = depth ? recurse(depth - 1) : 0;
	return below + (frame[0] == (char)depth) + (frame[4095] == (char)(depth >> 8));
}

static void *thread(void *arg)
{
	(void)arg;
	CHECK_EQ(recurse(200), 402);
	prog_wait();
	CHECK_EQ(recurse(1500), 3002);
	return NULL;
}

int main(int argc, char **argv)
{
	char local[20000];
	pthread_t t;

	prog_init(argc, argv);
	prog_fill(local, sizeof(local), 12);
	CHECK_EQ(recurse(20), 42);
	prog_thread(&t, thread, NULL);
	prog_ready();
	prog_wait();
	/* Six of the usual eight megabytes, far below what the stack has been so far. */
	CHECK_EQ(recurse(1500), 3002);
	CHECK(prog_filled(local, sizeof(local), 12));
	pthread_join(t, NULL);
	prog_pass();
}
