// SPDX-License-Identifier: Apache-2.0
/* Datagrams that are being put together, by UDP_CORK and by MSG_MORE: they arrive as one. */
#include "inet.h"

struct way {
	int to, corked, more;
};

static void setup(struct way *w, enum inet_way way)
{
	union inet_name n = inet_loopback(way);
	int i;

	w->to = socket(n.any.sa_family, SOCK_DGRAM, 0);
	CHECK(!bind(w->to, &n.any, inet_len(&n)));
	n = inet_local(w->to);
	for (i = 0; i < 2; i++) {
		int fd = socket(n.any.sa_family, SOCK_DGRAM, 0);

		CHECK(!connect(fd, &n.any, inet_len(&n)));
		*(i ? &w->more : &w->corked) = fd;
	}
	CHECK_EQ(send(w->more, "first ", 6, MSG_MORE), 6);
	inet_set(w->corked, IPPROTO_UDP, 1, 1);
	CHECK_EQ(send(w->corked, "one, ", 5, 0), 5);
	CHECK_EQ(send(w->corked, "two, ", 5, 0), 5);
	CHECK(!(inet_events(w->to) & POLLIN));
}

static void check(struct way *w)
{
	char buf[64];

	CHECK(!(inet_events(w->to) & POLLIN));
	CHECK_EQ(inet_get(w->corked, IPPROTO_UDP, 1), 1);
	CHECK_EQ(send(w->corked, "three", 5, 0), 5);
	CHECK(!(inet_events(w->to) & POLLIN));
	inet_set(w->corked, IPPROTO_UDP, 1, 0);
	inet_await(w->to, POLLIN);
	CHECK_EQ(recv(w->to, buf, sizeof(buf), MSG_DONTWAIT), 15);
	CHECK(!memcmp(buf, "one, two, three", 15));
	CHECK_EQ(send(w->more, "last", 4, 0), 4);
	inet_await(w->to, POLLIN);
	CHECK_EQ(recv(w->to, buf, sizeof(buf), MSG_DONTWAIT), 10);
	CHECK(!memcmp(buf, "first last", 10));
	CHECK(recv(w->to, buf, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK_EQ(inet_get(w->to, SOL_SOCKET, SO_REUSEADDR), 0);
}

int main(int argc, char **argv)
{
	static struct way ways[INET_WAYS];

	prog_init(argc, argv);
	FOR_EACH_WAY(way)
		setup(&ways[way], way);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way)
		check(&ways[way]);
	prog_pass();
}
