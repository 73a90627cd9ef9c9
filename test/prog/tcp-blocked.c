// SPDX-License-Identifier: Apache-2.0
/* Threads stand in accept(), recv(), send(), poll() and connect() and go on as if nothing were. */
#include "inet.h"

#define LEN (64 << 20)

static int listener, full_a, full_b, quiet_a, quiet_b;
static char *data;
static atomic_int standing;
static _Atomic long sent, got;

static void *in_accept(void *arg)
{
	int fd;

	standing++;
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		prog_fail(__FILE__, __LINE__, "accept");
	return (void *)(long)fd;
}

static void *in_recv(void *arg)
{
	char buf[16];

	standing++;
	CHECK_EQ(recv(quiet_a, buf, 16, 0), 5);
	CHECK(!memcmp(buf, "hello", 5));
	return NULL;
}

static void *in_send(void *arg)
{
	standing++;
	sent = send(full_a, data, LEN, 0);
	return NULL;
}

static void *in_poll(void *arg)
{
	struct pollfd p = { .fd = quiet_b, .events = POLLIN };

	standing++;
	CHECK_EQ(poll(&p, 1, -1), 1);
	return NULL;
}

int main(int argc, char **argv)
{
	struct inet_pair full, quiet;
	pthread_t t[4];
	char *buf = malloc(LEN);
	void *fd;
	ssize_t n;
	int client;

	prog_init(argc, argv);
	data = malloc(LEN);
	prog_fill(data, LEN, 3);
	full = inet_pair(INET4);
	/* Each checkpoint moves what is on its way, and the send goes on: that must not add up to
	 * more than a kernel lets one end have. */
	inet_set(full.client, SOL_SOCKET, SO_SNDBUF, 1 << 17);
	quiet = inet_pair(INET4);
	full_a = full.client;
	full_b = full.server;
	quiet_a = quiet.client;
	quiet_b = quiet.server;
	listener = inet_listen(INET4, 4);
	prog_thread(&t[0], in_accept, NULL);
	prog_thread(&t[1], in_recv, NULL);
	prog_thread(&t[2], in_send, NULL);
	prog_thread(&t[3], in_poll, NULL);
	while (standing < 4)
		prog_nap();
	prog_nap_ms(200);
	prog_ready();
	prog_wait();
	CHECK_EQ(sent, 0);
	while (got < LEN) {
		n = recv(full_b, buf + got, LEN - got, 0);
		CHECK(n > 0);
		got += n;
	}
	CHECK(!memcmp(buf, data, LEN));
	pthread_join(t[2], NULL);
	CHECK_EQ(sent, LEN);
	client = inet_connect(listener, INET4);
	pthread_join(t[0], &fd);
	inet_talk(client, (long)fd);
	CHECK_EQ(send(quiet_a, "x", 1, 0), 1);
	pthread_join(t[3], NULL);
	CHECK_EQ(send(quiet_b, "hello", 5, 0), 5);
	pthread_join(t[1], NULL);
	prog_pass();
}
