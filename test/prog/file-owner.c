// SPDX-License-Identifier: Apache-2.0
/* Who gets the signal of a descriptor, which one, and with what number. */
#include "prog.h"

static volatile sig_atomic_t signals, number;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	signals++;
	number = info->si_fd;
}

static void catch(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	CHECK(!sigaction(sig, &sa, NULL));
}

static int owner_type(int fd, pid_t *pid)
{
	struct f_owner_ex o;

	CHECK(!fcntl(fd, F_GETOWN_EX, &o));
	*pid = o.pid;
	return o.type;
}

int main(int argc, char **argv)
{
	struct f_owner_ex me = { F_OWNER_TID, prog_tid() };
	int p[2], q[2], fd, i;
	pid_t pid;

	/* A group from outside the pid namespace has no number here. */
	CHECK(getpgrp() || !setpgid(0, 0));
	prog_init(argc, argv);
	catch(SIGRTMIN + 4);
	catch(SIGIO);
	CHECK(!pipe(p) && !pipe(q));
	fd = prog_file("f", 10, 1, O_RDWR);
	CHECK(!fcntl(p[0], F_SETOWN_EX, &me) && !fcntl(p[0], F_SETSIG, SIGRTMIN + 4));
	CHECK(!fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	CHECK(!fcntl(q[0], F_SETOWN, -getpgrp()) && !fcntl(fd, F_SETOWN, getpid()));
	prog_ready();
	prog_wait();
	CHECK(owner_type(p[0], &pid) == F_OWNER_TID && pid == prog_tid());
	CHECK(owner_type(q[0], &pid) == F_OWNER_PGRP && pid == getpgrp());
	CHECK(owner_type(fd, &pid) == F_OWNER_PID && pid == getpid());
	CHECK_EQ(fcntl(p[0], F_GETSIG), SIGRTMIN + 4);
	CHECK(fcntl(p[0], F_GETFL) & O_ASYNC);
	CHECK(!(fcntl(q[0], F_GETFL) & O_ASYNC));
	CHECK_EQ(signals, 0);
	CHECK_EQ(write(p[1], "x", 1), 1);
	for (i = 0; i < 1000 && !signals; i++)
		prog_nap();
	CHECK_EQ(signals, 1);
	CHECK_EQ(number, p[0]);
	prog_pass();
}
