// SPDX-License-Identifier: Apache-2.0
/*
 * Connections from one port, as the kernel gives it to each of them where ports are few: one is
 * accepted, one waits to be, and one waits with data.
 */
#include "inet.h"

#define PORT_RANGE 51 /* IP_LOCAL_PORT_RANGE */

enum { ACCEPTED, WAITING, SENT, KINDS };

static int listeners[KINDS], clients[KINDS], server;
static uint16_t port;

static int connect_from(int listener, uint16_t from)
{
	union inet_name n = inet_target(listener, INET4);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_set(fd, IPPROTO_IP, PORT_RANGE, from | from << 16);
	inet_leave_from_own(fd, INET4);
	CHECK(!connect(fd, &n.any, inet_len(&n)));
	inet_set(fd, IPPROTO_IP, PORT_RANGE, 0);
	return fd;
}

static void make(void)
{
	union inet_name n;
	int i;

	for (i = 0; i < KINDS; i++)
		listeners[i] = inet_listen(INET4, 8);
	clients[0] = inet_connect(listeners[0], INET4);
	n = inet_local(clients[0]);
	port = ntohs(*inet_port(&n));
	for (i = 1; i < KINDS; i++)
		clients[i] = connect_from(listeners[i], port);
	server = accept(listeners[ACCEPTED], NULL, NULL);
	CHECK(server >= 0);
	CHECK_EQ(send(clients[SENT], "early", 5, 0), 5);
}

static void check(void)
{
	int i, fd;

	for (i = 0; i < KINDS; i++) {
		union inet_name n = inet_local(clients[i]);

		CHECK_EQ(ntohs(*inet_port(&n)), port);
		CHECK_EQ(inet_get(clients[i], IPPROTO_IP, PORT_RANGE), 0);
		CHECK_EQ(inet_get(clients[i], SOL_SOCKET, SO_REUSEADDR), 0);
		if (i == ACCEPTED) {
			inet_talk(clients[i], server);
			continue;
		}
		inet_await(listeners[i], POLLIN);
		fd = accept(listeners[i], NULL, NULL);
		if (i == SENT)
			inet_expect(fd, "early", 5);
		inet_talk(clients[i], fd);
	}
}

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(fd, IPPROTO_IP, PORT_RANGE, &(int){ 0 }, sizeof(int)))
		prog_skip("this kernel lets nobody choose the port that it would choose");
	close(fd);
	make();
	prog_ready();
	prog_wait();
	check();
	prog_pass();
}
