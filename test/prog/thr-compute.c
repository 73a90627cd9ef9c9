// SPDX-License-Identifier: Apache-2.0
/* Sixty-four threads compute without a system call; the sums are those of one thread. */
#include "prog.h"

#define N 64

static atomic_bool stop;
static uint64_t sums[N], steps[N];

static uint64_t step(uint64_t sum, uint64_t n)
{
	return (sum ^ n) * 0x100000001b3ULL + (sum >> 29);
}

static void *thread(void *arg)
{
	long me = (long)arg;
	uint64_t sum = me, n = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed) || n < 1000)
		sum = step(sum, n++);
	sums[me] = sum;
	steps[me] = n;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[N];
	uint64_t sum, n;
	long i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	prog_wait();
	atomic_store(&stop, true);
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	/* Repeating what all threads did takes as long as they ran, so only some of them. */
	for (i = 0; i < N; i += 16) {
		for (sum = i, n = 0; n < steps[i]; n++)
			sum = step(sum, n);
		CHECK(sum == sums[i]);
	}
	prog_pass();
}
