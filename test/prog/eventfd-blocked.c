// SPDX-License-Identifier: Apache-2.0
/* A thread that waits for an empty counter and one that waits for a full one go on waiting. */
#include "prog.h"

#include <sys/eventfd.h>

static int empty, full;
static atomic_int woken;

static void *reader(void *arg)
{
	uint64_t v;

	CHECK_EQ(read(empty, &v, 8), 8);
	CHECK_EQ(v, 7);
	woken++;
	return arg;
}

static void *writer(void *arg)
{
	uint64_t v = 2;

	CHECK_EQ(write(full, &v, 8), 8);
	woken++;
	return arg;
}

int main(int argc, char **argv)
{
	uint64_t v = UINT64_MAX - 2;
	pthread_t a, b;

	prog_init(argc, argv);
	empty = eventfd(0, 0);
	full = eventfd(0, 0);
	CHECK(empty >= 0 && full >= 0);
	CHECK_EQ(write(full, &v, 8), 8);
	prog_thread(&a, reader, NULL);
	prog_thread(&b, writer, NULL);
	prog_ready();
	prog_wait();
	CHECK_EQ(woken, 0);
	v = 7;
	CHECK_EQ(write(empty, &v, 8), 8);
	CHECK_EQ(read(full, &v, 8), 8);
	CHECK(v == UINT64_MAX - 2);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK_EQ(read(full, &v, 8), 8);
	CHECK_EQ(v, 2);
	prog_pass();
}
