// SPDX-License-Identifier: Apache-2.0
/* A set that watches one of every kind made for it, all of which then become ready. */
#include "epoll.h"

#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

int main(int argc, char **argv)
{
	struct itimerspec far = { { 0, 0 }, { 5000, 0 } }, soon = { { 0, 0 }, { 0, 1 } };
	int set, timer, sig, event, p[2], pending;
	sigset_t mask, other;

	prog_init(argc, argv);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigemptyset(&other);
	sigaddset(&other, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &mask, NULL) && !sigprocmask(SIG_BLOCK, &other, NULL));
	set = epoll_create1(0);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	sig = signalfd(-1, &mask, 0);
	pending = signalfd(-1, &other, 0);
	event = ep_event(0);
	CHECK(set >= 0 && timer >= 0 && sig >= 0 && pending >= 0 && !pipe(p));
	CHECK(!timerfd_settime(timer, 0, &far, NULL));
	ep_add(set, timer, EPOLLIN | EPOLLET, 1);
	ep_add(set, sig, EPOLLIN, 2);
	ep_add(set, event, EPOLLIN | EPOLLET, 3);
	ep_add(set, p[0], EPOLLIN | EPOLLET, 4);
	ep_add(set, pending, EPOLLIN, 5);
	raise(SIGUSR2);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(ep_now(set, 1), 1 << 5);
		prog_nap();
	}
	CHECK_EQ(ep_now(set, 1), 1 << 5);
	CHECK(!timerfd_settime(timer, 0, &soon, NULL));
	raise(SIGUSR1);
	ep_bump(event);
	CHECK_EQ(write(p[1], "x", 1), 1);
	prog_nap_ms(20);
	CHECK_EQ(ep_now(set, 5), 0x3e);
	CHECK_EQ(ep_now(set, 2), 1 << 2 | 1 << 5);
	prog_pass();
}
