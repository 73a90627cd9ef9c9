// SPDX-License-Identifier: Apache-2.0
/* A connect() that is not answered yet, as the listener's backlog is full, is answered later. */
#include "inet.h"

int main(int argc, char **argv)
{
	int listener, first[2], late = -1, i, fd;
	union inet_name to;
	struct sockaddr_in hole = { .sin_family = AF_INET, .sin_port = htons(9) };

	prog_init(argc, argv);
	listener = inet_listen(INET4, 1);
	to = inet_local(listener);
	/* A backlog of one takes two. */
	for (i = 0; i < 2; i++)
		first[i] = inet_connect(listener, INET4);
	late = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	inet_leave_from_own(late, INET4);
	CHECK(connect(late, &to.any, inet_len(&to)) == -1 && errno == EINPROGRESS);
	/* Nobody answers at 192.0.2.1, if there is a way to it at all. */
	hole.sin_addr.s_addr = htonl(0xc0000201);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (!connect(fd, (void *)&hole, sizeof(hole)) || errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	prog_nap_ms(50);
	if (tcp_state(late) != TCP_SYN_SENT)
		prog_skip("a full backlog lets others in");
	if (fd >= 0 && tcp_state(fd) != TCP_SYN_SENT)
		fd = -1;
	prog_ready();
	prog_wait();
	CHECK_EQ(tcp_state(late), TCP_SYN_SENT);
	CHECK_EQ(inet_events(late), 0);
	CHECK(connect(late, &to.any, inet_len(&to)) == -1 && errno == EALREADY);
	if (fd >= 0)
		CHECK_EQ(tcp_state(fd), TCP_SYN_SENT);
	for (i = 0; i < 2; i++)
		CHECK(accept(listener, NULL, NULL) >= 0);
	/* Its SYN is sent again after a second or three. */
	inet_await(late, POLLOUT);
	CHECK_EQ(inet_get(late, SOL_SOCKET, SO_ERROR), 0);
	fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	inet_talk(late, fd);
	close(first[0]);
	close(first[1]);
	prog_pass();
}
