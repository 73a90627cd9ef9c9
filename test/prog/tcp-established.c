// SPDX-License-Identifier: Apache-2.0
/* Idle TCP connections keep their names and go on. */
#include "inet.h"

int main(int argc, char **argv)
{
	struct inet_pair p[INET_WAYS] = { 0 };

	prog_init(argc, argv);
	FOR_EACH_WAY(way)
		p[way] = inet_pair(way);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		inet_check_names(&p[way]);
		CHECK_EQ(tcp_state(p[way].client), TCP_ESTABLISHED);
		CHECK_EQ(tcp_state(p[way].server), TCP_ESTABLISHED);
		CHECK_EQ(inet_events(p[way].client), POLLOUT);
		CHECK_EQ(inet_events(p[way].server), POLLOUT);
		inet_talk(p[way].client, p[way].server);
		close(p[way].client);
		inet_await(p[way].server, POLLRDHUP);
		CHECK_EQ(recv(p[way].server, &(char){ 0 }, 1, 0), 0);
	}
	prog_pass();
}
