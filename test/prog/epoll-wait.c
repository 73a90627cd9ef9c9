// SPDX-License-Identifier: Apache-2.0
/* Threads that sleep in epoll_wait, with and without a timeout, are woken by what they watch. */
#include "epoll.h"

static int set, event;
static atomic_int woken;

static void *waiter(void *arg)
{
	struct epoll_event e;
	sigset_t none;

	sigemptyset(&none);
	if (arg)
		CHECK_EQ(epoll_pwait(set, &e, 1, 3600000, &none), 1);
	else
		CHECK_EQ(epoll_wait(set, &e, 1, -1), 1);
	CHECK_EQ(e.data.u64, 6);
	woken++;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[2];
	int i;

	prog_init(argc, argv);
	set = epoll_create1(0);
	event = ep_event(0);
	CHECK(set >= 0);
	ep_add(set, event, EPOLLIN, 6);
	for (i = 0; i < 2; i++)
		prog_thread(&t[i], waiter, i ? &i : NULL);
	prog_ready();
	prog_wait();
	CHECK_EQ(woken, 0);
	ep_bump(event);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
