// SPDX-License-Identifier: Apache-2.0
/* A thread sleeps in epoll_wait on children's pidfds and is woken when they end. */
#include "epoll.h"

static int set;

static void *reaper(void *arg)
{
	struct epoll_event e;
	siginfo_t info;
	int i;

	for (i = 0; i < 3; i++) {
		CHECK_EQ(epoll_wait(set, &e, 1, -1), 1);
		CHECK(!waitid(P_PIDFD, e.data.fd, &info, WEXITED));
		CHECK(info.si_status >= 40 && info.si_status < 43);
		ep_ctl(set, EPOLL_CTL_DEL, e.data.fd, 0, 0);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int fds[3], go[2], i;
	pid_t pid;
	char c;

	prog_init(argc, argv);
	set = epoll_create1(EPOLL_CLOEXEC);
	CHECK(set >= 0 && !pipe(go));
	for (i = 0; i < 3; i++) {
		pid = prog_fork();
		if (!pid) {
			CHECK_EQ(read(go[0], &c, 1), 1);
			_exit(40 + i);
		}
		fds[i] = syscall(SYS_pidfd_open, pid, 0);
		CHECK(fds[i] >= 0);
		ep_add(set, fds[i], i ? EPOLLIN : EPOLLIN | EPOLLET, fds[i]);
	}
	prog_thread(&t, reaper, NULL);
	prog_ready();
	prog_wait();
	CHECK_EQ(write(go[1], "abc", 3), 3);
	pthread_join(t, NULL);
	prog_pass();
}
