// SPDX-License-Identifier: Apache-2.0
/* Both directions are full: what the sender still holds is not lost, and order is kept. */
#include "inet.h"

/* Numbered words until nothing more goes in. */
static size_t stuff(int fd, uint32_t seed)
{
	uint32_t words[1000];
	size_t total = 0, i;
	ssize_t n;

	for (;;) {
		for (i = 0; i < 1000; i++)
			words[i] = seed + total / 4 + i;
		n = send(fd, words, sizeof(words), MSG_DONTWAIT);
		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			prog_nap_ms(20);
			if (send(fd, words, 4, MSG_DONTWAIT) < 0)
				return total;
			n = 4;
		}
		/* A number that was cut in two is completed. */
		if (n % 4) {
			fcntl(fd, F_SETFL, 0);
			CHECK_EQ(send(fd, (char *)words + n, 4 - n % 4, 0), 4 - n % 4);
			n += 4 - n % 4;
		}
		total += n;
	}
}

static void drain(int fd, uint32_t seed, size_t total)
{
	static uint32_t words[16384];
	size_t done = 0, i;
	ssize_t n;

	while (done < total) {
		size_t want = total - done < sizeof(words) ? total - done : sizeof(words);

		n = recv(fd, words, want, MSG_WAITALL);
		CHECK_EQ(n, want);
		for (i = 0; i < want / 4; i++)
			CHECK_EQ(words[i], (uint32_t)(seed + done / 4 + i));
		done += want;
	}
	CHECK(recv(fd, words, 4, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

int main(int argc, char **argv)
{
	struct inet_pair p[INET_WAYS] = { 0 };
	size_t there[INET_WAYS], back[INET_WAYS];

	prog_init(argc, argv);
	FOR_EACH_WAY(way) {
		p[way] = inet_pair(way);
		there[way] = stuff(p[way].client, 1000000 * way);
		back[way] = stuff(p[way].server, 7 + way);
		CHECK(there[way] > 65536 && back[way] > 65536);
	}
	prog_ready();
	prog_wait();
	FOR_EACH_WAY(way) {
		inet_check_names(&p[way]);
		drain(p[way].server, 1000000 * way, there[way]);
		drain(p[way].client, 7 + way, back[way]);
		inet_talk(p[way].client, p[way].server);
	}
	prog_pass();
}
