// SPDX-License-Identifier: Apache-2.0
/* Connections that are shut down halfway, or wholly, with data still unread. */
#include "inet.h"

static void eof(int fd)
{
	CHECK_EQ(recv(fd, &(char){ 0 }, 1, 0), 0);
	CHECK_EQ(recv(fd, &(char){ 0 }, 1, 0), 0);
}

static void broken(int fd)
{
	CHECK(send(fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
}

static void read_all(int fd, const char *text)
{
	char buf[64];

	CHECK_EQ(recv(fd, buf, sizeof(buf), 0), (ssize_t)strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
}

static struct inet_pair half[INET_WAYS], other[INET_WAYS], both[INET_WAYS], closed[INET_WAYS],
	dead[INET_WAYS];

static void make(enum inet_way way)
{
	half[way] = inet_pair(way);
	CHECK_EQ(send(half[way].client, "request", 7, 0), 7);
	CHECK(!shutdown(half[way].client, SHUT_WR));
	other[way] = inet_pair(way);
	CHECK_EQ(send(other[way].server, "hello", 5, 0), 5);
	CHECK_EQ(send(other[way].client, "world", 5, 0), 5);
	CHECK(!shutdown(other[way].server, SHUT_WR));
	both[way] = inet_pair(way);
	CHECK_EQ(send(both[way].server, "both", 4, 0), 4);
	CHECK(!shutdown(both[way].client, SHUT_WR));
	CHECK(!shutdown(both[way].server, SHUT_WR));
	/* The peer has gone; what it sent is still here. */
	closed[way] = inet_pair(way);
	CHECK_EQ(send(closed[way].client, "bye", 3, 0), 3);
	close(closed[way].client);
	/* It has gone and so have we, with a descriptor left. */
	dead[way] = inet_pair(way);
	CHECK_EQ(send(dead[way].client, "last", 4, 0), 4);
	close(dead[way].client);
	CHECK(!shutdown(dead[way].server, SHUT_WR));
}

static void check_half(enum inet_way way)
{
	inet_check_names(&half[way]);
	CHECK_EQ(tcp_state(half[way].client), TCP_FIN_WAIT2);
	CHECK_EQ(tcp_state(half[way].server), TCP_CLOSE_WAIT);
	CHECK_EQ(inet_events(half[way].client), POLLOUT);
	CHECK_EQ(inet_events(half[way].server), POLLIN | POLLOUT | POLLRDHUP);
	broken(half[way].client);
	read_all(half[way].server, "request");
	eof(half[way].server);
	CHECK_EQ(send(half[way].server, "answer", 6, 0), 6);
	read_all(half[way].client, "answer");
	close(half[way].server);
	inet_await(half[way].client, POLLIN);
	eof(half[way].client);

	CHECK_EQ(tcp_state(other[way].server), TCP_FIN_WAIT2);
	CHECK_EQ(tcp_state(other[way].client), TCP_CLOSE_WAIT);
	read_all(other[way].client, "hello");
	eof(other[way].client);
	read_all(other[way].server, "world");
}

static void check_closed(enum inet_way way)
{
	CHECK_EQ(tcp_state(both[way].client), TCP_CLOSE);
	CHECK_EQ(tcp_state(both[way].server), TCP_CLOSE);
	CHECK_EQ(inet_events(both[way].client), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	read_all(both[way].client, "both");
	eof(both[way].client);
	eof(both[way].server);
	broken(both[way].client);

	CHECK_EQ(tcp_state(closed[way].server), TCP_CLOSE_WAIT);
	read_all(closed[way].server, "bye");
	eof(closed[way].server);
	/* The first is answered with a reset. */
	CHECK_EQ(send(closed[way].server, "x", 1, MSG_NOSIGNAL), 1);
	inet_await(closed[way].server, POLLHUP);
	broken(closed[way].server);

	CHECK_EQ(tcp_state(dead[way].server), TCP_CLOSE);
	read_all(dead[way].server, "last");
	eof(dead[way].server);
	broken(dead[way].server);
	CHECK_EQ(inet_get(dead[way].server, SOL_SOCKET, SO_ERROR), 0);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	FOR_EACH_WAY(way)
		make(way);
	prog_nap_ms(200);
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		check_half(way);
		check_closed(way);
	}
	prog_pass();
}
