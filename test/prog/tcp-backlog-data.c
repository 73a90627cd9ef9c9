// SPDX-License-Identifier: Apache-2.0
/* Data on connections that nobody has accepted yet, also of clients that have gone already. */
#include "inet.h"

#define N 5
#define LEN 30000

struct way {
	int listener, client[N];
	union inet_name names[N], peers[N];
};

static struct way w[INET_WAYS];
static char data[LEN];

static void make(enum inet_way way)
{
	int i;

	w[way].listener = inet_listen(way, 8);
	for (i = 0; i < N; i++) {
		int fd = w[way].client[i] = inet_connect(w[way].listener, way);

		w[way].names[i] = inet_local(fd);
		w[way].peers[i] = inet_remote(fd);
		inet_set(fd, IPPROTO_TCP, TCP_NODELAY, i == 0);
		if (i != 3)
			CHECK_EQ(send(fd, data + i, LEN - i, 0), LEN - i);
	}
	CHECK(!shutdown(w[way].client[1], SHUT_WR));
	close(w[way].client[2]);
}

static void check(enum inet_way way)
{
	int i, fd;

	for (i = 0; i < N; i++) {
		union inet_name from, own, peer;
		char buf[LEN];

		inet_await(w[way].listener, POLLIN);
		fd = accept(w[way].listener, NULL, NULL);
		CHECK(fd >= 0);
		from = inet_remote(fd);
		CHECK_EQ(*inet_port(&from), *inet_port(&w[way].names[i]));
		if (i != 3) {
			CHECK_EQ(recv(fd, buf, LEN - i, MSG_WAITALL), LEN - i);
			CHECK(!memcmp(buf, data + i, LEN - i));
		}
		if (i == 1 || i == 2)
			CHECK_EQ(recv(fd, buf, 1, 0), 0);
		if (i == 2) {
			close(fd);
			continue;
		}
		own = inet_local(w[way].client[i]);
		peer = inet_remote(w[way].client[i]);
		CHECK(inet_same(&own, &w[way].names[i]));
		CHECK(inet_same(&peer, &w[way].peers[i]));
		CHECK_EQ(inet_get(w[way].client[i], SOL_SOCKET, SO_ERROR), 0);
		CHECK_EQ(inet_get(w[way].client[i], SOL_SOCKET, SO_REUSEADDR), 0);
		CHECK_EQ(inet_get(w[way].client[i], IPPROTO_TCP, TCP_NODELAY), i == 0);
		if (i != 1)
			inet_talk(w[way].client[i], fd);
	}
	CHECK(!(inet_events(w[way].listener) & POLLIN));
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	prog_fill(data, LEN, 4);
	FOR_EACH_WAY(way)
		make(way);
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way)
		check(way);
	prog_pass();
}
