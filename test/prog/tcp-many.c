// SPDX-License-Identifier: Apache-2.0
/* Five hundred sockets of one process and one port, each with something to read. */
#include "inet.h"

#define N 250

/*
 * So many ports are free again after a kill only where nobody else looks for one: on an address of
 * their own.
 */
static int own_socket(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(0x7f004d01) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)));
	return fd;
}

int main(int argc, char **argv)
{
	static int client[N], server[N];
	union inet_name name;
	int listener, i;
	uint32_t word;

	prog_init(argc, argv);
	listener = own_socket();
	CHECK(!listen(listener, N));
	name = inet_local(listener);
	for (i = 0; i < N; i++) {
		client[i] = own_socket();
		CHECK(!connect(client[i], &name.any, inet_len(&name)));
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
