// SPDX-License-Identifier: Apache-2.0
/* Sockets that share one port, each with datagrams of its own in its queue. */
#include "inet.h"

#define GROUP 4
#define SENDERS 16

static int member[GROUP], sender[SENDERS], who[SENDERS];
static union inet_name target;

/* Which member a sender's datagrams go to. */
static int look(char want)
{
	char buf[8];
	int i, at = -1;

	for (i = 0; i < GROUP; i++) {
		if (recv(member[i], buf, 8, MSG_DONTWAIT) != 1)
			continue;
		CHECK(at < 0 && buf[0] == want);
		at = i;
	}
	CHECK(at >= 0);
	return at;
}

int main(int argc, char **argv)
{
	union inet_name n = inet_loopback(INET4);
	char buf[8], c;
	int i, k, total = 0;

	prog_init(argc, argv);
	for (i = 0; i < GROUP; i++) {
		member[i] = socket(AF_INET, SOCK_DGRAM, 0);
		inet_set(member[i], SOL_SOCKET, SO_REUSEPORT, 1);
		CHECK(!bind(member[i], &n.any, inet_len(&n)));
		n = inet_local(member[i]);
	}
	target = n;
	for (i = 0; i < SENDERS; i++) {
		sender[i] = socket(AF_INET, SOCK_DGRAM, 0);
		CHECK(!connect(sender[i], &target.any, inet_len(&target)));
		c = 'A' + i;
		CHECK_EQ(send(sender[i], &c, 1, 0), 1);
		who[i] = look(c);
	}
	for (i = 0; i < SENDERS; i++) {
		c = 'A' + i;
		CHECK_EQ(send(sender[i], &c, 1, 0), 1);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < GROUP; i++) {
		union inet_name now = inet_local(member[i]);

		CHECK(inet_same(&now, &target));
		CHECK_EQ(inet_get(member[i], SOL_SOCKET, SO_REUSEPORT), 1);
		for (k = 0; k < SENDERS; k++) {
			if (who[k] != i)
				continue;
			CHECK_EQ(recv(member[i], buf, 8, MSG_DONTWAIT), 1);
			CHECK_EQ(buf[0], 'A' + k);
			total++;
		}
		CHECK(recv(member[i], buf, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	}
	CHECK_EQ(total, SENDERS);
	for (i = 0; i < SENDERS; i++) {
		c = 'a' + i;
		CHECK_EQ(send(sender[i], &c, 1, 0), 1);
		look(c);
	}
	prog_pass();
}
