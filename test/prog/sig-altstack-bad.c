// SPDX-License-Identifier: Apache-2.0
/* A thread's alternate stack cannot be written: a checkpoint is refused, and nobody is hurt. */
#include "prog.h"

static void handler(int sig)
{
	(void)sig;
}

static char *make_stack(size_t len)
{
	stack_t s = { .ss_size = len };

	s.ss_sp = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s.ss_sp != MAP_FAILED);
	CHECK(!sigaltstack(&s, NULL));
	return s.ss_sp;
}

static void *thread(void *arg)
{
	char *at = make_stack(16 * PAGE);

	CHECK(!mprotect(at, 16 * PAGE, PROT_READ));
	prog_ready();
	prog_wait();
	return arg;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	pthread_t other;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &act, NULL));
	make_stack(16 * PAGE);
	CHECK(!pthread_create(&other, NULL, thread, NULL));
	CHECK(!pthread_join(other, NULL));
	prog_pass();
}
