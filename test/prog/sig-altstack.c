// SPDX-License-Identifier: Apache-2.0
/* Alternate signal stacks: each thread's own is registered, and handlers run on it. */
#include "prog.h"

#define SIZE (64 * 1024)

static __thread char *alt;
static __thread volatile int ran;

static void handler(int sig)
{
	char here;

	(void)sig;
	CHECK(&here >= alt && &here < alt + SIZE);
	ran++;
}

static void *thread(void *arg)
{
	stack_t ss, old;

	alt = malloc(SIZE);
	ss = (stack_t){ .ss_sp = alt, .ss_size = SIZE };
	CHECK(!sigaltstack(&ss, NULL));
	while (!prog_done() || !ran) {
		CHECK(!sigaltstack(NULL, &old));
		CHECK(old.ss_sp == alt && old.ss_size == SIZE && !old.ss_flags);
		pthread_kill(pthread_self(), SIGUSR1);
		prog_nap();
	}
	CHECK(ran > 0);
	return arg;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	pthread_t t[3];
	int i;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &sa, NULL));
	for (i = 0; i < 3; i++)
		prog_thread(&t[i], thread, NULL);
	prog_ready();
	thread(NULL);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
