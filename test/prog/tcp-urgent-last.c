// SPDX-License-Identifier: Apache-2.0
/* An urgent byte that is the last of what is unread, out of band and in line; and one alone. */
#include "inet.h"

static void expect(int fd, const char *text)
{
	char buf[32];

	CHECK_EQ(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), (ssize_t)strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
}

int main(int argc, char **argv)
{
	struct inet_pair out, in, alone;
	char c;

	prog_init(argc, argv);
	out = inet_pair(INET4);
	in = inet_pair(INET4);
	alone = inet_pair(INET4);
	inet_set(in.server, SOL_SOCKET, SO_OOBINLINE, 1);
	CHECK_EQ(send(out.client, "before", 6, 0), 6);
	CHECK_EQ(send(out.client, "!", 1, MSG_OOB), 1);
	CHECK_EQ(send(in.client, "before", 6, 0), 6);
	CHECK_EQ(send(in.client, "?", 1, MSG_OOB), 1);
	CHECK_EQ(send(alone.client, "#", 1, MSG_OOB), 1);
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	CHECK(inet_events(out.server) & POLLPRI);
	expect(out.server, "before");
	CHECK_EQ(recv(out.server, &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '!');
	CHECK(inet_events(in.server) & POLLPRI);
	expect(in.server, "before");
	expect(in.server, "?");
	CHECK_EQ(recv(alone.server, &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '#');
	inet_talk(out.client, out.server);
	inet_talk(in.client, in.server);
	inet_talk(alone.client, alone.server);
	prog_pass();
}
