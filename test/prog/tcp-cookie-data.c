// SPDX-License-Identifier: Apache-2.0
/*
 * A client that a full listener answered by a SYN cookie has sent data, which nobody can read: no
 * checkpoint as yet, and it is not lost.
 */
#include "inet.h"

#define BACKLOG 5
#define N 30

/* Whether anything stands for a client's other end. */
static bool is_known(int client)
{
	union inet_name n = inet_local(client);
	unsigned int port;
	bool known = false;
	char line[512];
	FILE *f = fopen("/proc/net/tcp", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*8x:%*x %*8x:%x", &port) == 1 &&
		    port == ntohs(*inet_port(&n)))
			known = true;
	fclose(f);
	return known;
}

static int forgotten(const int clients[N])
{
	int i;

	for (i = 0; i < N; i++)
		if (!is_known(clients[i]))
			return i;
	prog_skip("this kernel answers nobody by a SYN cookie");
}

int main(int argc, char **argv)
{
	int listener, clients[N], i, fd, speaker;

	prog_init(argc, argv);
	listener = inet_listen(INET4, BACKLOG);
	for (i = 0; i < N; i++)
		clients[i] = inet_connect_late(listener, INET4);
	prog_nap_ms(500);
	speaker = forgotten(clients);
	CHECK_EQ(send(clients[speaker], "early", 5, 0), 5);
	prog_ready();
	prog_wait();
	/* The others tell the listener of themselves, those that it has forgotten, too. */
	for (i = 0; i < N; i++)
		if (i != speaker)
			CHECK_EQ(send(clients[i], "early", 5, 0), 5);
	for (i = 0; i < N; i++) {
		inet_await(listener, POLLIN);
		fd = accept(listener, NULL, NULL);
		CHECK(fd >= 0);
		inet_expect(fd, "early", 5);
	}
	prog_pass();
}
