// SPDX-License-Identifier: Apache-2.0
/* Clients blocked in connect because the backlog is full get in when there is room. */
#include "unix.h"

static struct uname name;

static void *client(void *arg)
{
	int c = u_connected(SOCK_STREAM, name);

	u_send(c, "blocked");
	return (void *)(long)c;
}

int main(int argc, char **argv)
{
	pthread_t t[2];
	int l, c[2], s, i;

	prog_init(argc, argv);
	name = u_file("l");
	l = u_listener(SOCK_STREAM, name, 1);
	c[0] = u_connected(SOCK_STREAM, name);
	c[1] = u_connected(SOCK_STREAM, name);
	s = u_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK(u_connect(s, name) == -1 && errno == EAGAIN);
	for (i = 0; i < 2; i++)
		prog_thread(&t[i], client, NULL);
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	CHECK(u_connect(s, name) == -1 && errno == EAGAIN);
	for (i = 0; i < 2; i++) {
		s = accept(l, NULL, NULL);
		CHECK(s >= 0);
		u_send(c[i], "queued");
		u_expect(s, "queued");
	}
	for (i = 0; i < 2; i++) {
		s = accept(l, NULL, NULL);
		CHECK(s >= 0);
		u_expect(s, "blocked");
	}
	for (i = 0; i < 2; i++)
		CHECK(!pthread_join(t[i], NULL));
	prog_pass();
}
