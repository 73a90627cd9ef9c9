// SPDX-License-Identifier: Apache-2.0
/* A signalfd takes the signals that it took before, those that wait already and no others. */
#include "prog.h"

#include <sys/signalfd.h>

static uint64_t shown(int fd)
{
	char path[64], text[512], *p;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	p = strstr(text, "sigmask:");
	CHECK(p);
	return strtoull(p + 8, NULL, 16);
}

static void expect(int fd, int sig, int value)
{
	struct signalfd_siginfo si;

	CHECK_EQ(read(fd, &si, sizeof(si)), sizeof(si));
	CHECK_EQ(si.ssi_signo, sig);
	CHECK_EQ(si.ssi_pid, getpid());
	CHECK_EQ(si.ssi_int, value);
}

int main(int argc, char **argv)
{
	struct signalfd_siginfo si;
	int one, two, all;
	sigset_t set, full;
	uint64_t mask;

	prog_init(argc, argv);
	sigfillset(&full);
	CHECK(!sigprocmask(SIG_BLOCK, &full, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	one = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	two = signalfd(-1, &set, 0);
	all = signalfd(-1, &full, SFD_NONBLOCK);
	CHECK(one >= 0 && two >= 0 && all >= 0);
	mask = shown(all);
	CHECK(!sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 31 }));
	CHECK(!sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 32 }));
	CHECK(!sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = 33 }));
	prog_ready();
	prog_wait();
	CHECK(shown(one) == (1ull << (SIGUSR1 - 1) | 1ull << (SIGRTMIN + 2)));
	CHECK(shown(two) == 1ull << (SIGUSR2 - 1));
	CHECK(shown(all) == mask);
	CHECK(fcntl(one, F_GETFL) & O_NONBLOCK && !(fcntl(two, F_GETFL) & O_NONBLOCK));
	expect(one, SIGRTMIN + 3, 31);
	expect(one, SIGRTMIN + 3, 32);
	CHECK(read(one, &si, sizeof(si)) == -1 && errno == EAGAIN);
	expect(two, SIGUSR2, 33);
	CHECK(!sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 34 }));
	expect(one, SIGUSR1, 34);
	CHECK(!sigqueue(getpid(), SIGWINCH, (union sigval){ .sival_int = 35 }));
	CHECK(read(one, &si, sizeof(si)) == -1 && errno == EAGAIN);
	expect(all, SIGWINCH, 35);
	prog_pass();
}
