// SPDX-License-Identifier: Apache-2.0
/* Who waits for a lease to be given up goes on waiting, and its holder can still do so. */
#include "prog.h"

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	double start;
	pid_t pid;
	int fd, i;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGIO, &sa, NULL));
	fd = prog_file("f", 10, 1, O_RDONLY);
	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		prog_skip("no leases on this file system");
	start = prog_now(CLOCK_MONOTONIC);
	pid = prog_fork();
	if (!pid) {
		i = open(prog_path("f"), O_WRONLY);
		CHECK(i >= 0 && write(i, "new", 3) == 3);
		prog_mark("through");
		_exit(0);
	}
	for (i = 0; i < 1000 && !signals; i++)
		prog_nap();
	CHECK(signals > 0);
	prog_ready();
	/* The kernel takes it away after lease-break-time, 45 s. */
	while (!prog_done()) {
		CHECK(!prog_has("through") || prog_now(CLOCK_MONOTONIC) > start + 40);
		prog_nap();
	}
	if (prog_now(CLOCK_MONOTONIC) < start + 40)
		CHECK(!fcntl(fd, F_SETLEASE, F_UNLCK));
	prog_reap(pid);
	CHECK(prog_has("through"));
	prog_pass();
}
