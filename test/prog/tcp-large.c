// SPDX-License-Identifier: Apache-2.0
/*
 * As much as a connection takes, which is more than SO_RCVBUF and SO_SNDBUF may ask for: in one
 * direction, in both, and with a FIN behind it all.
 */
#include "inet.h"

#define BLOCK 65536

static uint32_t words[BLOCK / 4];

static void number(uint32_t seed, size_t at)
{
	size_t i;

	for (i = 0; i < BLOCK / 4; i++)
		words[i] = (seed + at + i * 4) * 2654435761u;
}

/*
 * What is in both ends moves into one, which by itself grows to half of this, or to all of it, as
 * the kernel counts: to leave some room.
 */
static size_t most(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_rmem", "re");
	size_t max = 0;

	CHECK(f && fscanf(f, "%*u %*u %zu", &max) == 1 && max);
	fclose(f);
	return max / 8 * 3;
}

/* Numbered words until no more go in for a while, or it is enough. */
static size_t stuff(int fd, uint32_t seed)
{
	size_t total = 0, part = 0, enough = most();
	int idle = 0;
	ssize_t n;

	number(seed, 0);
	while (idle < 3 && total < enough) {
		n = send(fd, (char *)words + part, BLOCK - part, MSG_DONTWAIT);
		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			idle++;
			prog_nap_ms(50);
			continue;
		}
		idle = 0;
		total += n;
		part = (part + n) % BLOCK;
		if (!part)
			number(seed, total);
	}
	return total;
}

static void drain(int fd, uint32_t seed, size_t total)
{
	static uint32_t got[BLOCK / 4];
	size_t done, want;

	for (done = 0; done < total; done += want) {
		want = total - done < BLOCK ? total - done : BLOCK;
		number(seed, done);
		CHECK_EQ(recv(fd, got, want, MSG_WAITALL), want);
		CHECK(!memcmp(got, words, want));
	}
}

enum { ONE, BOTH, ENDED, KINDS };

int main(int argc, char **argv)
{
	struct inet_pair p[KINDS];
	size_t there[KINDS], back[KINDS] = { 0 };
	int i;

	prog_init(argc, argv);
	for (i = 0; i < KINDS; i++) {
		p[i] = inet_pair(i % 2 ? INET4 : MAPPED);
		/* The kernel gives it room for that, whatever SO_RCVBUF may have. */
		inet_set(p[i].server, SOL_SOCKET, SO_RCVLOWAT, 2 << 20);
		inet_set(p[i].client, SOL_SOCKET, SO_RCVLOWAT, 1 << 20);
		there[i] = stuff(p[i].client, i);
		if (i == BOTH)
			back[i] = stuff(p[i].server, 100 + i);
		CHECK(there[i] > 2 << 20);
		if (i == ENDED) {
			close(p[i].client);
			p[i].client = -1;
		}
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < KINDS; i++) {
		CHECK_EQ(inet_get(p[i].server, SOL_SOCKET, SO_RCVLOWAT), 2 << 20);
		inet_set(p[i].server, SOL_SOCKET, SO_RCVLOWAT, 1);
		drain(p[i].server, i, there[i]);
		if (i != ENDED)
			inet_set(p[i].client, SOL_SOCKET, SO_RCVLOWAT, 1);
		if (i == BOTH)
			drain(p[i].client, 100 + i, back[i]);
		if (i == ENDED)
			CHECK_EQ(recv(p[i].server, words, 1, 0), 0);
		else
			inet_talk(p[i].client, p[i].server);
	}
	prog_pass();
}
