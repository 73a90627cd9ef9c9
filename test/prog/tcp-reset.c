// SPDX-License-Identifier: Apache-2.0
/* Connections that were reset: the error waits to be told, once, behind what is unread. */
#include "inet.h"

static void reset(int fd)
{
	struct linger now = { 1, 0 };

	CHECK(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	close(fd);
}

int main(int argc, char **argv)
{
	struct inet_pair plain[INET_WAYS], data[INET_WAYS], fin[INET_WAYS], told[INET_WAYS];
	char buf[16];

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		plain[way] = inet_pair(way);
		reset(plain[way].client);
		data[way] = inet_pair(way);
		CHECK_EQ(send(data[way].server, "unread", 6, 0), 6);
		reset(data[way].server);
		/* Closed, and the answer to what we send is a reset. */
		fin[way] = inet_pair(way);
		close(fin[way].client);
		CHECK_EQ(send(fin[way].server, "x", 1, 0), 1);
		told[way] = inet_pair(way);
		reset(told[way].client);
		inet_await(told[way].server, POLLHUP);
		CHECK(recv(told[way].server, buf, 1, 0) == -1 && errno == ECONNRESET);
	}
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		CHECK_EQ(tcp_state(plain[way].server), TCP_CLOSE);
		CHECK_EQ(inet_events(plain[way].server),
			 POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
		CHECK(recv(plain[way].server, buf, 1, 0) == -1 && errno == ECONNRESET);
		CHECK_EQ(recv(plain[way].server, buf, 1, 0), 0);
		CHECK(send(plain[way].server, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);

		CHECK_EQ(recv(data[way].client, buf, 16, 0), 6);
		CHECK(!memcmp(buf, "unread", 6));
		CHECK_EQ(inet_get(data[way].client, SOL_SOCKET, SO_ERROR), ECONNRESET);
		CHECK_EQ(recv(data[way].client, buf, 1, 0), 0);

		CHECK(inet_events(fin[way].server) & POLLERR);
		CHECK_EQ(inet_get(fin[way].server, SOL_SOCKET, SO_ERROR), EPIPE);

		CHECK(!(inet_events(told[way].server) & POLLERR));
		CHECK(inet_events(told[way].server) & POLLHUP);
		CHECK_EQ(recv(told[way].server, buf, 1, 0), 0);
	}
	prog_pass();
}
