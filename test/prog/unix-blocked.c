// SPDX-License-Identifier: Apache-2.0
/* Threads blocked in recv, accept and poll wake up when something comes. */
#include "unix.h"

static int sv[2], d[2], pl[2], l;
static struct uname name;

static void *receiver(void *arg)
{
	u_expect(*(int *)arg, "wake up");
	return NULL;
}

static void *acceptor(void *arg)
{
	int s = accept(l, NULL, NULL);

	CHECK(s >= 0);
	u_expect(s, "hello");
	return NULL;
}

static void *poller(void *arg)
{
	struct pollfd p = { pl[1], POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, -1), 1);
	CHECK_EQ(p.revents, POLLIN);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	int i, c;

	prog_init(argc, argv);
	name = u_file("l");
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pl));
	l = u_listener(SOCK_STREAM, name, 3);
	prog_thread(&t[0], receiver, &sv[1]);
	prog_thread(&t[1], receiver, &d[1]);
	prog_thread(&t[2], acceptor, NULL);
	prog_thread(&t[3], poller, NULL);
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	u_send(sv[0], "wake up");
	u_send(d[0], "wake up");
	u_send(pl[0], "x");
	c = u_connected(SOCK_STREAM, name);
	u_send(c, "hello");
	for (i = 0; i < 4; i++)
		CHECK(!pthread_join(t[i], NULL));
	prog_pass();
}
