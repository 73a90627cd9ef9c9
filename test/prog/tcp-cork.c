// SPDX-License-Identifier: Apache-2.0
/* TCP_CORK and MSG_MORE: nothing that they hold back is lost, and a cork stays in. */
#include "inet.h"

int main(int argc, char **argv)
{
	struct inet_pair cork[INET_WAYS], more[INET_WAYS];
	char buf[32];

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		cork[way] = inet_pair(way);
		inet_set(cork[way].client, IPPROTO_TCP, TCP_CORK, 1);
		CHECK_EQ(send(cork[way].client, "held ", 5, 0), 5);
		CHECK_EQ(send(cork[way].client, "back ", 5, 0), 5);
		more[way] = inet_pair(way);
		CHECK_EQ(send(more[way].server, "and more ", 9, MSG_MORE), 9);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		CHECK_EQ(inet_get(cork[way].client, IPPROTO_TCP, TCP_CORK), 1);
		CHECK_EQ(inet_get(cork[way].client, IPPROTO_TCP, TCP_NODELAY), 0);
		CHECK_EQ(send(cork[way].client, "by a cork", 9, 0), 9);
		inet_set(cork[way].client, IPPROTO_TCP, TCP_CORK, 0);
		inet_expect(cork[way].server, "held back by a cork", 19);
		CHECK_EQ(send(more[way].server, "to come", 7, 0), 7);
		CHECK_EQ(recv(more[way].client, buf, 16, MSG_WAITALL), 16);
		CHECK(!memcmp(buf, "and more to come", 16));
	}
	prog_pass();
}
