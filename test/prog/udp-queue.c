// SPDX-License-Identifier: Apache-2.0
/* Datagrams that wait to be read: their bounds, their order and who sent them. */
#include "inet.h"

struct way {
	int to, a, b;
	union inet_name names[3], seen[2]; /* as the receiver sees a and b */
};

static int bound(union inet_name n)
{
	int fd = socket(n.any.sa_family, SOCK_DGRAM, 0);

	CHECK(fd >= 0 && !bind(fd, &n.any, inet_len(&n)));
	return fd;
}

static void setup(struct way *w, enum inet_way way)
{
	union inet_name any = inet_loopback(way), target;
	char big[9000];
	int i;

	/* It listens on all addresses, so that a mapped sender is one. */
	if (way == MAPPED)
		any.v6.sin6_addr = in6addr_any;
	w->to = bound(any);
	w->a = bound(inet_loopback(way == INET6 ? INET6 : INET4));
	w->b = bound(inet_loopback(way == INET6 ? INET6 : INET4));
	w->names[0] = inet_local(w->to);
	w->names[1] = inet_local(w->a);
	w->names[2] = inet_local(w->b);
	for (i = 0; i < 2; i++) {
		w->seen[i] = inet_loopback(way);
		*inet_port(&w->seen[i]) = *inet_port(&w->names[1 + i]);
	}
	target = inet_target(w->to, way);
	prog_fill(big, sizeof(big), 5);
	CHECK_EQ(sendto(w->a, "one", 3, 0, &target.any, inet_len(&target)), 3);
	CHECK_EQ(sendto(w->b, "second", 6, 0, &target.any, inet_len(&target)), 6);
	CHECK_EQ(sendto(w->a, big, sizeof(big), 0, &target.any, inet_len(&target)),
		 sizeof(big));
	CHECK_EQ(sendto(w->a, "end", 3, 0, &target.any, inet_len(&target)), 3);
}

static void expect(struct way *w, int from, const void *want, ssize_t len)
{
	union inet_name sender = { 0 };
	socklen_t size = sizeof(sender);
	char buf[10000];

	CHECK_EQ(recvfrom(w->to, buf, sizeof(buf), MSG_DONTWAIT, &sender.any, &size), len);
	CHECK(!memcmp(buf, want, len));
	CHECK(inet_same(&sender, &w->seen[from]));
}

static void check(struct way *w, enum inet_way way)
{
	union inet_name now[3] = { inet_local(w->to), inet_local(w->a), inet_local(w->b) };
	union inet_name target = inet_target(w->to, way);
	char big[9000];
	int i;

	for (i = 0; i < 3; i++)
		CHECK(inet_same(&now[i], &w->names[i]));
	prog_fill(big, sizeof(big), 5);
	CHECK_EQ(inet_events(w->to), POLLIN | POLLOUT);
	CHECK_EQ(inet_events(w->a), POLLOUT);
	expect(w, 0, "one", 3);
	expect(w, 1, "second", 6);
	expect(w, 0, big, sizeof(big));
	expect(w, 0, "end", 3);
	CHECK(recv(w->to, big, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK_EQ(sendto(w->b, "more", 4, 0, &target.any, inet_len(&target)), 4);
	expect(w, 1, "more", 4);
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
		check(&ways[way], way);
	prog_pass();
}
