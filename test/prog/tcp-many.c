// SPDX-License-Identifier: Apache-2.0
/* Five hundred sockets of one process and one port, each with something to read. */
#include "inet.h"

#define N 250

int main(int argc, char **argv)
{
	static int client[N], server[N];
	int listener, i;
	uint32_t word;

	prog_init(argc, argv);
	listener = inet_listen(INET4, N);
	for (i = 0; i < N; i++) {
		client[i] = inet_connect(listener, INET4);
		server[i] = accept(listener, NULL, NULL);
		word = i;
		CHECK_EQ(send(i % 2 ? client[i] : server[i], &word, 4, 0), 4);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < N; i++) {
		CHECK_EQ(recv(i % 2 ? server[i] : client[i], &word, 4, MSG_DONTWAIT), 4);
		CHECK_EQ(word, i);
		inet_talk(client[i], server[i]);
	}
	prog_pass();
}
