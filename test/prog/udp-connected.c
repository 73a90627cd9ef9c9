// SPDX-License-Identifier: Apache-2.0
/* Connected UDP sockets: bound by hand or by connect, with datagrams, refused, shut down. */
#include "inet.h"

struct way {
	int server, client, refused, half;
	union inet_name names[4];
};

static void setup(struct way *w, enum inet_way way)
{
	union inet_name n = inet_loopback(way), closed, peer;
	int gone = socket(n.any.sa_family, SOCK_DGRAM, 0);

	w->server = socket(n.any.sa_family, SOCK_DGRAM, 0);
	CHECK(!bind(w->server, &n.any, inet_len(&n)) && !bind(gone, &n.any, inet_len(&n)));
	closed = inet_local(gone);
	close(gone);
	n = inet_local(w->server);
	w->client = socket(n.any.sa_family, SOCK_DGRAM, 0);
	CHECK(!connect(w->client, &n.any, inet_len(&n)));
	peer = inet_local(w->client);
	CHECK_EQ(send(w->client, "before", 6, 0), 6);
	CHECK(!connect(w->server, &peer.any, inet_len(&peer)));
	CHECK_EQ(send(w->client, "after", 5, 0), 5);
	CHECK_EQ(send(w->server, "back", 4, 0), 4);
	w->refused = socket(n.any.sa_family, SOCK_DGRAM, 0);
	CHECK(!connect(w->refused, &closed.any, inet_len(&closed)));
	CHECK_EQ(send(w->refused, "?", 1, 0), 1);
	inet_await(w->refused, POLLERR);
	w->half = socket(n.any.sa_family, SOCK_DGRAM, 0);
	CHECK(!connect(w->half, &n.any, inet_len(&n)) && !shutdown(w->half, SHUT_RD));
	w->names[0] = inet_local(w->server);
	w->names[1] = inet_remote(w->server);
	w->names[2] = inet_local(w->client);
	w->names[3] = inet_remote(w->client);
}

static void check(struct way *w)
{
	union inet_name now[4] = { inet_local(w->server), inet_remote(w->server),
				   inet_local(w->client), inet_remote(w->client) };
	char buf[16];
	int i;

	for (i = 0; i < 4; i++)
		CHECK(inet_same(&now[i], &w->names[i]));
	CHECK_EQ(recv(w->server, buf, 16, MSG_DONTWAIT), 6);
	CHECK(!memcmp(buf, "before", 6));
	CHECK_EQ(recv(w->server, buf, 16, MSG_DONTWAIT), 5);
	CHECK(!memcmp(buf, "after", 5));
	CHECK_EQ(recv(w->client, buf, 16, MSG_DONTWAIT), 4);
	CHECK(!memcmp(buf, "back", 4));
	inet_talk(w->client, w->server);
	CHECK(inet_events(w->refused) & POLLERR);
	CHECK(recv(w->refused, buf, 16, MSG_DONTWAIT) == -1 && errno == ECONNREFUSED);
	CHECK(recv(w->refused, buf, 16, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(inet_events(w->half) & POLLRDHUP);
	CHECK_EQ(recv(w->half, buf, 16, 0), 0);
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
