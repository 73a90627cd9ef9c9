// SPDX-License-Identifier: Apache-2.0
/* Both directions are full: what the sender still holds is not lost, and order is kept. */
#include "inet.h"

static uint32_t words[16384], got[16384];

static void number(uint32_t seed, size_t at)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = seed + at / 4 + i;
}

/* Numbered words until nothing more goes in; the last may be cut. */
static size_t stuff(int fd, uint32_t seed)
{
	size_t total = 0;
	bool again = false;
	ssize_t n;

	for (;;) {
		number(seed, total);
		n = send(fd, (char *)words + total % 4, 40000, MSG_DONTWAIT);
		if (n > 0) {
			total += n;
			again = false;
			continue;
		}
		CHECK_EQ(errno, EAGAIN);
		if (again)
			return total;
		prog_nap_ms(20);
		again = true;
	}
}

static void drain(int fd, uint32_t seed, size_t total)
{
	size_t done, want;

	for (done = 0; done < total; done += want) {
		want = total - done < sizeof(got) ? total - done : sizeof(got);
		CHECK_EQ(recv(fd, got, want, MSG_WAITALL), want);
		number(seed, done);
		CHECK(!memcmp(got, words, want));
	}
	CHECK(recv(fd, got, 4, MSG_DONTWAIT) == -1 && errno == EAGAIN);
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
