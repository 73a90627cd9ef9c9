// SPDX-License-Identifier: Apache-2.0
/*
 * Leases and what has become of them: whole ones, and some that are being broken, down to nothing
 * or to a read lease, by processes that wait and by some that have given up. F_GETLEASE says the
 * same, the signal has come once, and whoever waits is let in when the lease is given up.
 */
#include "prog.h"

#define BREAK SIGUSR1

static const struct state {
	const char *name;
	int open, lease, breaker; /* breaker: how it is opened by the other; -1: not at all */
	int patient; /* the other waits */
	int broken; /* what F_GETLEASE says then */
} states[] = {
	{ "read", O_RDONLY, F_RDLCK, -1, 0, F_RDLCK },
	{ "write", O_RDWR, F_WRLCK, -1, 0, F_WRLCK },
	{ "read-broken", O_RDONLY, F_RDLCK, O_WRONLY, 1, F_UNLCK },
	{ "write-lowered", O_RDWR, F_WRLCK, O_RDONLY, 1, F_RDLCK },
	{ "write-broken", O_RDWR, F_WRLCK, O_WRONLY, 1, F_UNLCK },
	{ "left-broken", O_RDWR, F_WRLCK, O_RDWR, 0, F_UNLCK },
	{ "left-lowered", O_WRONLY, F_WRLCK, O_RDONLY, 0, F_RDLCK },
};

static int fds[ARRAY_SIZE(states)];
static pid_t waits[ARRAY_SIZE(states)]; /* who waits to be let in */
static atomic_int *heard; /* signals, by descriptor: those of both lives */

static void on_break(int sig, siginfo_t *info, void *context)
{
	heard[info->si_fd % 64]++;
}

static void break_it(const struct state *s, pid_t *pid)
{
	int fd;

	if (!s->patient) {
		CHECK_EQ(open(prog_path(s->name), s->breaker | O_NONBLOCK), -1);
		CHECK_EQ(errno, EWOULDBLOCK);
		return;
	}
	*pid = prog_fork();
	if (*pid)
		return;
	signal(BREAK, SIG_IGN);
	fd = open(prog_path(s->name), s->breaker);
	CHECK(fd >= 0);
	prog_mark(s->name + strcspn(s->name, "-"));
	_exit(0);
}

static void check(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		const struct state *s = &states[i];

		CHECK_EQ(fcntl(fds[i], F_GETLEASE), s->broken);
		CHECK_EQ(fcntl(fds[i], F_GETSIG), BREAK);
		CHECK_EQ(fcntl(fds[i], F_GETOWN), getpid());
		CHECK_EQ(heard[fds[i] % 64], s->breaker >= 0);
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_break, .sa_flags = SA_RESTART | SA_SIGINFO };
	double start;
	size_t i;

	prog_init(argc, argv);
	heard = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(!sigaction(BREAK, &sa, NULL));
	start = prog_now(CLOCK_MONOTONIC);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		const struct state *s = &states[i];

		fds[i] = prog_file(s->name, 10, 1, s->open | O_CLOEXEC);
		CHECK(!fcntl(fds[i], F_SETSIG, BREAK));
		if (fcntl(fds[i], F_SETLEASE, s->lease))
			prog_skip("no leases on this file system");
	}
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		const struct state *s = &states[i];

		if (s->breaker < 0)
			continue;
		break_it(s, &waits[i]);
		while (!heard[fds[i] % 64])
			prog_nap_ms(1);
	}
	check();
	prog_ready();
	/* The kernel ends them after lease-break-time, 45 s. */
	while (!prog_done() && prog_now(CLOCK_MONOTONIC) < start + 40) {
		check();
		prog_nap();
	}
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		const struct state *s = &states[i];

		if (prog_now(CLOCK_MONOTONIC) < start + 40)
			CHECK(!fcntl(fds[i], F_SETLEASE, F_UNLCK));
		if (waits[i])
			prog_reap(waits[i]);
		CHECK_EQ(heard[fds[i] % 64], s->breaker >= 0);
	}
	prog_pass();
}
