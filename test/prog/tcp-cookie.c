// SPDX-License-Identifier: Apache-2.0
/*
 * More clients than a listener's backlog has room for, all of them connected: their last ACK comes
 * when all have been answered, most by SYN cookies, and then there is room for a few. A restart
 * gives every one of them its connection, also where nothing stands for its other end.
 */
#include "inet.h"

#define BACKLOG 5
#define N 50

struct way {
	int listener, clients[N];
	union inet_name names[N];
};

static struct way w[INET_WAYS];

static void make(enum inet_way way)
{
	int i;

	w[way].listener = inet_listen(way, BACKLOG);
	for (i = 0; i < N; i++) {
		w[way].clients[i] = inet_connect_late(w[way].listener, way);
		CHECK_EQ(tcp_state(w[way].clients[i]), TCP_ESTABLISHED);
		w[way].names[i] = inet_local(w[way].clients[i]);
	}
}

static void check(enum inet_way way)
{
	bool seen[N] = { false };
	int i, k, fd;

	for (i = 0; i < N; i++) {
		union inet_name from, own = inet_local(w[way].clients[i]);

		CHECK(inet_same(&own, &w[way].names[i]));
		CHECK_EQ(inet_get(w[way].clients[i], SOL_SOCKET, SO_ERROR), 0);
		inet_await(w[way].listener, POLLIN);
		fd = accept(w[way].listener, NULL, NULL);
		CHECK(fd >= 0);
		from = inet_remote(fd);
		for (k = 0; k < N && *inet_port(&w[way].names[k]) != *inet_port(&from); k++)
			;
		CHECK(k < N && !seen[k]);
		seen[k] = true;
		inet_talk(w[way].clients[k], fd);
	}
	CHECK(!(inet_events(w[way].listener) & POLLIN));
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	FOR_EACH_WAY(way)
		make(way);
	prog_nap_ms(500);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way)
		check(way);
	prog_pass();
}
