// SPDX-License-Identifier: Apache-2.0
/* Sixty-four threads, each with its id, stack contents and state of progress. */
#include "prog.h"

#define N 64

static atomic_int up;

static void *thread(void *arg)
{
	long me = (long)arg;
	char local[2048];
	pid_t tid = prog_tid();

	prog_fill(local, sizeof(local), me);
	atomic_fetch_add(&up, 1);
	while (!prog_done()) {
		CHECK_EQ(prog_tid(), tid);
		prog_nap_ms(20);
	}
	CHECK(prog_filled(local, sizeof(local), me));
	return (void *)(me * me);
}

int main(int argc, char **argv)
{
	pthread_t t[N];
	void *ret;
	long i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	while (atomic_load(&up) < N)
		prog_nap();
	prog_ready();
	for (i = 0; i < N; i++) {
		CHECK(!pthread_join(t[i], &ret));
		CHECK_EQ(ret, i * i);
	}
	prog_pass();
}
