// SPDX-License-Identifier: Apache-2.0
/* Listeners that share one port by SO_REUSEPORT, with connections of each of them. */
#include "inet.h"

#define GROUP 3

static int listener[GROUP], client[8], server[8];

static int accept_any(void)
{
	struct pollfd p[GROUP];
	int i;

	for (i = 0; i < GROUP; i++)
		p[i] = (struct pollfd){ .fd = listener[i], .events = POLLIN };
	CHECK(poll(p, GROUP, 30000) >= 1);
	for (i = 0; i < GROUP; i++)
		if (p[i].revents & POLLIN)
			return accept(listener[i], NULL, NULL);
	return -1;
}

int main(int argc, char **argv)
{
	union inet_name n = inet_loopback(INET4), now;
	int i, fd, other;

	prog_init(argc, argv);
	for (i = 0; i < GROUP; i++) {
		listener[i] = socket(AF_INET, SOCK_STREAM, 0);
		inet_set(listener[i], SOL_SOCKET, SO_REUSEPORT, 1);
		CHECK(!bind(listener[i], &n.any, inet_len(&n)) && !listen(listener[i], 8));
		n = inet_local(listener[i]);
	}
	for (i = 0; i < 8; i++) {
		client[i] = inet_connect(listener[0], INET4);
		server[i] = accept_any();
		CHECK(server[i] >= 0);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < GROUP; i++) {
		now = inet_local(listener[i]);
		CHECK(inet_same(&now, &n));
		CHECK_EQ(inet_get(listener[i], SOL_SOCKET, SO_REUSEPORT), 1);
		CHECK_EQ(inet_get(listener[i], SOL_SOCKET, SO_REUSEADDR), 0);
	}
	for (i = 0; i < 8; i++)
		inet_talk(client[i], server[i]);
	for (i = 0; i < 8; i++) {
		fd = inet_connect(listener[0], INET4);
		other = accept_any();
		inet_talk(fd, other);
	}
	/* It still takes part of the group to bind there. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(bind(fd, &n.any, inet_len(&n)) == -1 && errno == EADDRINUSE);
	prog_pass();
}
