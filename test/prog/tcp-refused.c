// SPDX-License-Identifier: Apache-2.0
/* connect() in the background was refused: the error waits; where it was told it is gone. */
#include "inet.h"

int main(int argc, char **argv)
{
	int wait[INET_WAYS], told[INET_WAYS];

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		union inet_name n = inet_loopback(way);
		int gone = socket(n.any.sa_family, SOCK_STREAM, 0), i;

		CHECK(!bind(gone, &n.any, inet_len(&n)));
		n = inet_local(gone);
		for (i = 0; i < 2; i++) {
			int fd = socket(n.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

			CHECK(connect(fd, &n.any, inet_len(&n)) == -1);
			CHECK(errno == EINPROGRESS || errno == ECONNREFUSED);
			inet_await(fd, POLLHUP);
			*(i ? &told[way] : &wait[way]) = fd;
		}
		CHECK_EQ(inet_get(told[way], SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		CHECK_EQ(tcp_state(wait[way]), TCP_CLOSE);
		CHECK(inet_events(wait[way]) & POLLERR);
		CHECK(inet_events(wait[way]) & POLLHUP);
		CHECK_EQ(inet_get(wait[way], SOL_SOCKET, SO_ERROR), ECONNREFUSED);
		CHECK_EQ(inet_get(wait[way], SOL_SOCKET, SO_ERROR), 0);
		CHECK(!(inet_events(told[way]) & POLLERR));
		CHECK(inet_events(told[way]) & POLLHUP);
		CHECK_EQ(inet_get(told[way], SOL_SOCKET, SO_ERROR), 0);
	}
	prog_pass();
}
