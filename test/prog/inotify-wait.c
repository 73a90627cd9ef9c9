// SPDX-License-Identifier: Apache-2.0
/* A thread that sleeps in read and one in epoll_wait on a watch are woken by what happens. */
#include "epoll.h"
#include "inotify.h"

static int fd, polled, dir, set;

static void *reader(void *arg)
{
	in_expect(fd, "%d %x x", dir, IN_CREATE);
	return arg;
}

static void *waiter(void *arg)
{
	struct epoll_event e;

	CHECK_EQ(epoll_wait(set, &e, 1, -1), 1);
	CHECK_EQ(e.data.fd, polled);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t[2];

	prog_init(argc, argv);
	fd = inotify_init();
	polled = inotify_init1(IN_NONBLOCK);
	set = epoll_create1(0);
	CHECK(fd >= 0 && polled >= 0 && set >= 0);
	CHECK(!mkdir(prog_path("dir"), 0755));
	dir = in_watch(fd, prog_path("dir"), IN_CREATE);
	in_watch(polled, prog_path("dir"), IN_CREATE);
	ep_add(set, polled, EPOLLIN | EPOLLET, polled);
	prog_thread(&t[0], reader, NULL);
	prog_thread(&t[1], waiter, NULL);
	prog_ready();
	prog_wait();
	in_touch(prog_path("dir/x"));
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	prog_pass();
}
