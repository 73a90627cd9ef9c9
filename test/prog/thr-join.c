// SPDX-License-Identifier: Apache-2.0
/* A thread blocked in pthread_join sees the end and the value of the joined one. */
#include "prog.h"

static void *last(void *arg)
{
	(void)arg;
	prog_wait();
	return (void *)31L;
}

static void *joiner(void *arg)
{
	void *ret;

	CHECK(!pthread_join(*(pthread_t *)arg, &ret));
	return (void *)((long)ret + 1);
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	void *ret;
	int i;

	prog_init(argc, argv);
	prog_thread(&t[0], last, NULL);
	for (i = 1; i < 4; i++)
		prog_thread(&t[i], joiner, &t[i - 1]);
	prog_ready();
	CHECK(!pthread_join(t[3], &ret));
	CHECK_EQ(ret, 34);
	prog_pass();
}
