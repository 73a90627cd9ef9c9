// SPDX-License-Identifier: Apache-2.0
/* Regions with each protection keep it: a forbidden access faults, an allowed one not. */
#include "prog.h"

#include <setjmp.h>

#define LEN (4 * PAGE)

static const int prots[] = {
	PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, PROT_EXEC,
	PROT_READ | PROT_WRITE | PROT_EXEC,
};
static char *mem[ARRAY_SIZE(prots)];
static sigjmp_buf env;
static volatile int code;

static void on_segv(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	code = si->si_code;
	siglongjmp(env, 1);
}

static bool faults(char *p, bool write)
{
	code = 0;
	if (sigsetjmp(env, 1)) {
		/* Where there are protection keys, the kernel takes one for what may only run. */
		CHECK(code == SEGV_ACCERR || code == SEGV_PKUERR);
		return true;
	}
	if (write)
		*(volatile char *)p = *(volatile char *)p;
	else
		(void)*(volatile char *)p;
	return false;
}

static void check(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		if (prots[i] != PROT_EXEC)
			CHECK_EQ(faults(mem[i], false), !(prots[i] & PROT_READ));
		CHECK_EQ(faults(mem[i] + PAGE, true), !(prots[i] & PROT_WRITE));
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	size_t i;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGSEGV, &sa, NULL));
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		mem[i] = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		prog_fill(mem[i], LEN, 20 + i);
		CHECK(!mprotect(mem[i], LEN, prots[i]));
	}
	prog_ready();
	prog_watch(check);
	/* What lies behind a protection is still what was written there. */
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		CHECK(!mprotect(mem[i], LEN, PROT_READ));
		CHECK(prog_filled(mem[i], LEN, 20 + i));
	}
	prog_pass();
}
