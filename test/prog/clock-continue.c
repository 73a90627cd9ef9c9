// SPDX-License-Identifier: Apache-2.0
/* Monotonic and boot-time clocks never go back, nor forward by the time spent stopped. */
#include "prog.h"

static const clockid_t clocks[] = {
	CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW,
};
static double last[ARRAY_SIZE(clocks)], started[ARRAY_SIZE(clocks)];

static double raw(clockid_t clk)
{
	struct timespec ts;

	CHECK(!syscall(SYS_clock_gettime, clk, &ts));
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void check(void)
{
	double now, sys;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		now = prog_now(clocks[i]);
		sys = raw(clocks[i]);
		/* The C library's clock and the kernel's are one. */
		if (now < last[i] || sys < now || sys > now + 60)
			prog_fail(__FILE__, __LINE__, "clock %d: %f, then %f, by syscall %f",
				  clocks[i], last[i], now, sys);
		last[i] = sys;
	}
}

int main(int argc, char **argv)
{
	double real, gap, down = 0;
	char text[64];
	size_t i;

	prog_init(argc, argv);
	real = prog_now(CLOCK_REALTIME);
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		started[i] = last[i] = prog_now(clocks[i]);
	prog_ready();
	while (!prog_has("verify")) {
		check();
		prog_nap();
	}
	check();
	/* How long the runner let the job be dead is in the file. */
	if (prog_slurp(prog_path("verify"), text, sizeof(text)) > 0)
		down = atof(text);
	real = prog_now(CLOCK_REALTIME) - real;
	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		gap = real - (last[i] - started[i]);
		if (gap < down - 0.5)
			prog_fail(__FILE__, __LINE__, "clock %d advanced by the %.1f s of death"
				  " (lag %.1f s)", clocks[i], down, gap);
	}
	prog_pass();
}
