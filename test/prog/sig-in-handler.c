// SPDX-License-Identifier: Apache-2.0
/* A checkpoint while handlers run, one inside the other and on the alternate stack. */
#include "prog.h"

#define SIZE (64 * 1024)

static char alt[SIZE];
static volatile int depth, done;

static bool on_alt(void)
{
	stack_t ss;

	CHECK(!sigaltstack(NULL, &ss));
	return ss.ss_flags & SS_ONSTACK;
}

static void inner(int sig)
{
	sigset_t now;

	(void)sig;
	depth++;
	prog_ready();
	while (!prog_done()) {
		CHECK(on_alt());
		CHECK(!sigprocmask(SIG_BLOCK, NULL, &now));
		CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
		CHECK(sigismember(&now, SIGWINCH) && !sigismember(&now, SIGTERM));
		prog_nap();
	}
	done++;
}

static void outer(int sig, siginfo_t *si, void *ctx)
{
	char noise[1000];

	(void)ctx;
	CHECK(si->si_pid == getpid() && sig == SIGUSR1);
	prog_fill(noise, sizeof(noise), 5);
	depth++;
	raise(SIGUSR2);
	CHECK(prog_filled(noise, sizeof(noise), 5));
	CHECK(si->si_pid == getpid());
	done++;
}

int main(int argc, char **argv)
{
	struct sigaction o = { .sa_sigaction = outer, .sa_flags = SA_ONSTACK | SA_SIGINFO };
	struct sigaction i = { .sa_handler = inner, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = alt, .ss_size = SIZE };
	sigset_t now;

	prog_init(argc, argv);
	sigaddset(&i.sa_mask, SIGWINCH);
	CHECK(!sigaltstack(&ss, NULL));
	CHECK(!sigaction(SIGUSR1, &o, NULL) && !sigaction(SIGUSR2, &i, NULL));
	raise(SIGUSR1);
	CHECK(depth == 2 && done == 2);
	CHECK(!on_alt());
	CHECK(!sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGWINCH));
	prog_pass();
}
