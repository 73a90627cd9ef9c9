// SPDX-License-Identifier: Apache-2.0
/*
 * A client that a full listener answered by a SYN cookie has sent data, which nobody can read: no
 * checkpoint as yet, and it is not lost.
 */
#include "inet.h"

#define BACKLOG 5
#define N 30
#define SPEAKER 15 /* neither among the first nor among the last, for whom there is room */

int main(int argc, char **argv)
{
	int listener, clients[N], i, fd;

	prog_init(argc, argv);
	listener = inet_listen(INET4, BACKLOG);
	for (i = 0; i < N; i++)
		clients[i] = inet_connect_late(listener, INET4);
	prog_nap_ms(500);
	CHECK_EQ(send(clients[SPEAKER], "early", 5, 0), 5);
	prog_ready();
	prog_wait();
	/* The others tell the listener of themselves, those that it has forgotten, too. */
	for (i = 0; i < N; i++)
		if (i != SPEAKER)
			CHECK_EQ(send(clients[i], "early", 5, 0), 5);
	for (i = 0; i < N; i++) {
		inet_await(listener, POLLIN);
		fd = accept(listener, NULL, NULL);
		CHECK(fd >= 0);
		inet_expect(fd, "early", 5);
	}
	prog_pass();
}
