// SPDX-License-Identifier: Apache-2.0
/* The sender has closed a connection although much of its data had not even been sent. */
#include "inet.h"

#define MAX (8 << 20)

int main(int argc, char **argv)
{
	struct inet_pair p[INET_WAYS];
	ssize_t total[INET_WAYS] = { 0 }, at, n;
	char *data = malloc(MAX), *buf = malloc(MAX);

	prog_init(argc, argv);
	prog_fill(data, MAX, 9);
	FOR_EACH_WAY(way) {
		p[way] = inet_pair(way);
		for (;;) {
			n = send(p[way].client, data + total[way], MAX - total[way], MSG_DONTWAIT);
			if (n <= 0)
				break;
			total[way] += n;
		}
		close(p[way].client);
		CHECK(total[way] > 65536);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		for (at = 0; at < total[way]; at += n) {
			n = recv(p[way].server, buf + at, MAX - at, 0);
			CHECK(n > 0);
		}
		CHECK(!memcmp(buf, data, total[way]));
		CHECK_EQ(recv(p[way].server, buf, 1, 0), 0);
	}
	prog_pass();
}
