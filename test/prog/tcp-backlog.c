// SPDX-License-Identifier: Apache-2.0
/* Connections that nobody has accepted yet come in the order in which they were made. */
#include "inet.h"

#define N 4

struct way {
	int listener, client[N];
	union inet_name names[N];
};

int main(int argc, char **argv)
{
	static struct way w[INET_WAYS];
	int i;

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		w[way].listener = inet_listen(way, 8);
		for (i = 0; i < N; i++) {
			w[way].client[i] = inet_connect(w[way].listener, way);
			w[way].names[i] = inet_local(w[way].client[i]);
			prog_nap_ms(20);
		}
		CHECK(!shutdown(w[way].client[2], SHUT_WR));
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		CHECK_EQ(inet_events(w[way].listener), POLLIN);
		for (i = 0; i < N; i++) {
			int fd = accept(w[way].listener, NULL, NULL);
			union inet_name from = inet_remote(fd), own = inet_local(w[way].client[i]);

			CHECK(inet_same(&own, &w[way].names[i]));
			CHECK_EQ(*inet_port(&from), *inet_port(&own));
			if (i == 2) {
				inet_await(fd, POLLRDHUP);
				CHECK_EQ(recv(fd, (char[1]){ 0 }, 1, 0), 0);
				CHECK_EQ(send(fd, "half", 4, 0), 4);
				inet_expect(w[way].client[i], "half", 4);
			} else {
				inet_talk(w[way].client[i], fd);
			}
		}
		CHECK_EQ(inet_events(w[way].listener), 0);
	}
	prog_pass();
}
