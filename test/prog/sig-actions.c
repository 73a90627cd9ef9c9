// SPDX-License-Identifier: Apache-2.0
/* The action of every signal: handler, flags, mask, ignored or default. */
#include "prog.h"

static struct sigaction want[65];
static volatile int got_sig, got_value;

static void simple(int sig)
{
	got_sig = sig;
}

static void info(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	got_sig = sig;
	got_value = si->si_value.sival_int;
}

static void check(void)
{
	struct sigaction sa;
	int i, s;

	for (i = 1; i <= 64; i++) {
		if (sigaction(i, NULL, &sa))
			continue;
		CHECK(sa.sa_handler == want[i].sa_handler);
		CHECK_EQ(sa.sa_flags, want[i].sa_flags);
		for (s = 1; s <= 64; s++)
			CHECK_EQ(sigismember(&sa.sa_mask, s), sigismember(&want[i].sa_mask, s));
	}
}

static void install(int sig, int kind)
{
	struct sigaction sa = { 0 };

	sigemptyset(&sa.sa_mask);
	if (kind == 0)
		sa.sa_handler = SIG_IGN;
	else if (kind == 1)
		sa.sa_handler = simple;
	else
		sa.sa_sigaction = info;
	sa.sa_flags = (kind >= 2 ? SA_SIGINFO : 0) | (kind & 1 ? SA_RESTART : 0) |
		      (kind == 2 ? SA_NODEFER : 0) | (kind == 3 ? SA_RESETHAND | SA_ONSTACK : 0);
	if (sig == SIGCHLD)
		sa.sa_flags |= SA_NOCLDSTOP | SA_NOCLDWAIT;
	sigaddset(&sa.sa_mask, sig % 31 + 1);
	sigaddset(&sa.sa_mask, SIGRTMIN + sig % 20);
	CHECK(!sigaction(sig, &sa, NULL));
}

int main(int argc, char **argv)
{
	int i;

	prog_init(argc, argv);
	for (i = 1; i <= 64; i++) {
		if (i == SIGKILL || i == SIGSTOP || i == 32 || i == 33)
			continue;
		if (i % 5 != 4)
			install(i, i % 5);
	}
	for (i = 1; i <= 64; i++)
		sigaction(i, NULL, &want[i]);
	prog_ready();
	prog_watch(check);
	/* 42 % 5 == 2: with information. */
	CHECK(!sigqueue(getpid(), 42, (union sigval){ .sival_int = 77 }));
	CHECK(got_sig == 42 && got_value == 77);
	CHECK(!raise(SIGTRAP + 1));
	CHECK_EQ(got_sig, SIGTRAP + 1);
	prog_pass();
}
