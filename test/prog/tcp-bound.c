// SPDX-License-Identifier: Apache-2.0
/* Sockets that are new, or bound and nothing else. */
#include "inet.h"

int main(int argc, char **argv)
{
	int fresh[INET_WAYS], bound[INET_WAYS];
	union inet_name names[INET_WAYS], now;

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		union inet_name n = inet_loopback(way);

		fresh[way] = socket(n.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		bound[way] = socket(n.any.sa_family, SOCK_STREAM, 0);
		CHECK(!bind(bound[way], &n.any, inet_len(&n)));
		names[way] = inet_local(bound[way]);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		int fd, client;

		now = inet_local(bound[way]);
		CHECK(inet_same(&now, &names[way]));
		CHECK_EQ(tcp_state(bound[way]), TCP_CLOSE);
		CHECK_EQ(inet_events(bound[way]), POLLOUT | POLLHUP);
		CHECK(fcntl(fresh[way], F_GETFL) & O_NONBLOCK);
		CHECK(!(fcntl(bound[way], F_GETFL) & O_NONBLOCK));
		now = inet_local(fresh[way]);
		CHECK_EQ(*inet_port(&now), 0);
		fd = socket(now.any.sa_family, SOCK_STREAM, 0);
		CHECK(bind(fd, &names[way].any, inet_len(&names[way])) == -1);
		CHECK_EQ(errno, EADDRINUSE);
		close(fd);
		CHECK(!listen(bound[way], 3));
		client = inet_connect(bound[way], way);
		fd = accept(bound[way], NULL, NULL);
		inet_talk(client, fd);
	}
	prog_pass();
}
