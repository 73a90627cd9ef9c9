/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children stopped in calls that a handler ends and in calls that it does not: what has been sent
 * to them before and after the checkpoints takes effect when they go on.
 */
#include <poll.h>
#include "prog.h"

static volatile sig_atomic_t usr1;

static void on_usr1(int sig)
{
	usr1++;
}

static void in_pause(int *p)
{
	CHECK_EQ(pause(), -1);
	CHECK_EQ(errno, EINTR);
	CHECK_EQ(usr1, 1);
}

static void in_suspend(int *p)
{
	sigset_t set;

	sigemptyset(&set);
	CHECK_EQ(sigsuspend(&set), -1);
	CHECK_EQ(errno, EINTR);
	CHECK_EQ(usr1, 1);
}

static void in_poll(int *p)
{
	struct pollfd fd = { p[0], POLLIN, 0 };

	CHECK_EQ(poll(&fd, 1, -1), -1);
	CHECK_EQ(errno, EINTR);
	CHECK_EQ(usr1, 1);
}

static void in_read(int *p)
{
	char c;

	CHECK_EQ(read(p[0], &c, 1), 1);
	CHECK_EQ(c, 'x');
	CHECK_EQ(usr1, 1);
}

static void (*const calls[])(int *) = { in_pause, in_suspend, in_poll, in_read };

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_usr1, .sa_flags = SA_RESTART };
	pid_t pid[ARRAY_SIZE(calls)];
	int p[ARRAY_SIZE(calls)][2], status;
	sigset_t set, old;
	size_t i;

	prog_init(argc, argv);
	sigaction(SIGUSR1, &act, NULL);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		CHECK(!pipe(p[i]));
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigprocmask(i == 1 ? SIG_BLOCK : SIG_UNBLOCK, &set, &old);
		pid[i] = prog_fork();
		if (!pid[i]) {
			calls[i](p[i]);
			_exit(0);
		}
	}
	prog_nap_ms(300);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		kill(pid[i], SIGSTOP);
		CHECK_EQ(waitpid(pid[i], &status, WUNTRACED), pid[i]);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		kill(pid[i], SIGUSR1);
		CHECK_EQ(write(p[i][1], i == 3 ? "x" : "", i == 3), i == 3);
		kill(pid[i], SIGCONT);
		prog_reap(pid[i]);
	}
	prog_pass();
}
