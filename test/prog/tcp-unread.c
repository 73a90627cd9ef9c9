// SPDX-License-Identifier: Apache-2.0
/* Data that was sent and not read, in both directions at once. */
#include "inet.h"

#define LEN 50000

static char there[LEN], back[LEN];

int main(int argc, char **argv)
{
	struct inet_pair p[INET_WAYS] = { 0 };
	int queued;

	prog_init(argc, argv);
	prog_fill(there, LEN, 1);
	prog_fill(back, LEN, 2);
	FOR_EACH_WAY(way) {
		p[way] = inet_pair(way);
		CHECK_EQ(send(p[way].client, there, LEN, 0), LEN);
		CHECK_EQ(send(p[way].server, back, LEN - way, 0), LEN - way);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		inet_check_names(&p[way]);
		CHECK_EQ(inet_events(p[way].client), POLLIN | POLLOUT);
		CHECK(!ioctl(p[way].server, FIONREAD, &queued));
		CHECK_EQ(queued, LEN);
		inet_expect(p[way].server, there, LEN);
		inet_expect(p[way].client, back, LEN - way);
		inet_talk(p[way].server, p[way].client);
	}
	prog_pass();
}
