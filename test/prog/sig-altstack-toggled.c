// SPDX-License-Identifier: Apache-2.0
/*
 * Alternate stacks: one is write-protected for a while and given up again, one is disarmed as it is
 * used; and a handler by each of the older names for the agent's very signal.
 */
#include "prog.h"

static volatile sig_atomic_t taken;

static void handler(int sig)
{
	taken = sig;
}

static void *thread(void *arg)
{
	static char room[64 * 1024];
	stack_t s = { .ss_sp = room, .ss_size = sizeof(room), .ss_flags = 1u << 31 }, now;

	CHECK(!sigaltstack(&s, NULL));
	prog_wait();
	CHECK(!sigaltstack(NULL, &now));
	CHECK(now.ss_sp == room && now.ss_size == sizeof(room));
	CHECK(!raise(SIGUSR1));
	CHECK_EQ(taken, SIGUSR1);
	return arg;
}

int main(int argc, char **argv)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} raw = { handler, 0, NULL, 0 }, old;
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	stack_t s = { .ss_size = 16 * PAGE };
	pthread_t other;
	int sig;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &act, NULL));
	CHECK(!pthread_create(&other, NULL, thread, NULL));
	/* All of them, without a restorer: who takes the agent's place has it back. */
	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++) {
		CHECK(!syscall(SYS_rt_sigaction, sig, &raw, NULL, 8));
		CHECK(!syscall(SYS_rt_sigaction, sig, NULL, &old, 8));
		CHECK(old.handler == handler);
		CHECK(syscall(SYS_rt_sigaction, sig, -1l, NULL, 8) == -1 && errno == EFAULT);
	}
	s.ss_sp = mmap(NULL, s.ss_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s.ss_sp != MAP_FAILED);
	CHECK(!sigaltstack(&s, NULL));
	prog_ready();
	while (!prog_has("verify")) {
		CHECK(!mprotect(s.ss_sp, s.ss_size, PROT_READ));
		prog_nap_ms(2);
		CHECK(!mprotect(s.ss_sp, s.ss_size, PROT_READ | PROT_WRITE));
		prog_nap_ms(200);
	}
	CHECK(!pthread_join(other, NULL));
	prog_pass();
}
