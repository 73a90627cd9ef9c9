// SPDX-License-Identifier: Apache-2.0
/* O_NONBLOCK of one end only, and a signal for what arrives (O_ASYNC). */
#include "unix.h"

static volatile sig_atomic_t signals;

static void handler(int sig, siginfo_t *info, void *uc)
{
	signals++;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	int sv[2], before, i;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &sa, NULL));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	CHECK(!fcntl(sv[0], F_SETOWN, getpid()));
	CHECK(!fcntl(sv[0], F_SETSIG, SIGUSR1));
	CHECK(!fcntl(sv[0], F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	CHECK(!fcntl(sv[1], F_SETFD, FD_CLOEXEC));
	u_send(sv[1], "x");
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR | O_NONBLOCK | O_ASYNC);
	CHECK_EQ(fcntl(sv[1], F_GETFL), O_RDWR);
	CHECK_EQ(fcntl(sv[0], F_GETFD), 0);
	CHECK_EQ(fcntl(sv[1], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(sv[0], F_GETOWN), getpid());
	CHECK_EQ(fcntl(sv[0], F_GETSIG), SIGUSR1);
	u_expect(sv[0], "x");
	CHECK(recv(sv[0], &before, 1, 0) == -1 && errno == EAGAIN);
	before = signals;
	u_send(sv[1], "y");
	for (i = 0; i < 500 && signals == before; i++)
		prog_nap();
	CHECK(signals > before);
	prog_pass();
}
