// SPDX-License-Identifier: Apache-2.0
/* An exclusive watch in two sets of two waiting threads wakes one of them per event. */
#include "epoll.h"

static int event, sets[2];
static atomic_int woken;

static void *waiter(void *arg)
{
	struct epoll_event e;
	uint64_t v;
	int n;

	while (!prog_done()) {
		n = epoll_wait(*(int *)arg, &e, 1, 200);
		CHECK(n >= 0);
		if (n == 1 && read(event, &v, 8) == 8)
			woken += v;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct epoll_event e = { .events = EPOLLIN };
	pthread_t t[2];
	int i, sent = 0;

	prog_init(argc, argv);
	event = ep_event(0);
	for (i = 0; i < 2; i++) {
		sets[i] = epoll_create1(0);
		ep_add(sets[i], event, EPOLLIN | EPOLLEXCLUSIVE | (i ? EPOLLET : 0), i);
		prog_thread(&t[i], waiter, &sets[i]);
	}
	prog_ready();
	while (!prog_done()) {
		ep_bump(event);
		sent++;
		prog_nap_ms(3);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		/* Still exclusive: such a watch cannot be changed. */
		CHECK(epoll_ctl(sets[i], EPOLL_CTL_MOD, event, &e) == -1 && errno == EINVAL);
	}
	ep_now(sets[0], woken < sent);
	CHECK(sent - woken <= 1);
	prog_pass();
}
