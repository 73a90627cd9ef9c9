// SPDX-License-Identifier: Apache-2.0
/* Coroutines on small stacks of their own, several per thread, go on in turn. */
#include "prog.h"

#include <ucontext.h>

#define N 8
#define SIZE 16384

struct ring {
	ucontext_t main, ctx[N];
	char *stack[N];
	long count[N];
	bool stop;
};

static void body(int hi, int lo, int i)
{
	struct ring *r = (void *)((unsigned long)hi << 32 | (unsigned int)lo);
	char noise[200];

	prog_fill(noise, sizeof(noise), i);
	while (!r->stop) {
		r->count[i]++;
		swapcontext(&r->ctx[i], &r->main);
		CHECK(prog_filled(noise, sizeof(noise), i));
	}
}

/* The checkpoint finds the thread inside a coroutine, on a stack the kernel does not know. */
static void *thread(void *arg)
{
	struct ring *r = calloc(1, sizeof(*r));
	unsigned long p = (unsigned long)r;
	volatile long i, k;

	for (i = 0; i < N; i++) {
		r->stack[i] = malloc(SIZE);
		CHECK(!getcontext(&r->ctx[i]));
		r->ctx[i].uc_stack = (stack_t){ .ss_sp = r->stack[i], .ss_size = SIZE };
		r->ctx[i].uc_link = &r->main;
		makecontext(&r->ctx[i], (void (*)(void))body, 3, (int)(p >> 32), (int)p, (int)i);
	}
	while (!prog_has("verify"))
		for (k = 0; k < 200; k++)
			for (i = 0; i < N; i++)
				swapcontext(&r->main, &r->ctx[i]);
	r->stop = true;
	for (i = 0; i < N; i++) {
		swapcontext(&r->main, &r->ctx[i]);
		CHECK_EQ(r->count[i], r->count[0]);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	prog_thread(&t, thread, NULL);
	prog_ready();
	thread(NULL);
	pthread_join(t, NULL);
	prog_pass();
}
