/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of counters, linked statically: no library can be loaded into it before it runs.
 *
 *   keeper PORT
 *
 * "add KEY" is answered by "TOKEN N", N one more than the last time for that key; "end" ends it,
 * with status 0. TOKEN is made when it begins: another start would have another one. A thread
 * checks and changes memory all the time.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 32
#define KEYS 32
#define SIZE (1u << 20)

struct client {
	int fd;
	size_t len;
	char text[256];
};

static char token[64];
static struct {
	char key[32];
	unsigned long n;
} counts[KEYS];
static uint64_t data[SIZE];

static void *work(void *unused)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t sum = 0, now;
	size_t i, n;

	for (i = 0; i < SIZE; i++)
		sum += data[i] = i * 0x9e3779b97f4a7c15;
	for (n = 0;; n++) {
		for (i = now = 0; i < SIZE; i++)
			now += data[i];
		if (now != sum) {
			fprintf(stderr, "FAIL: round %zu: memory has changed\n", n);
			_exit(1);
		}
		data[n * 4099 % SIZE] += n;
		sum += n;
		nanosleep(&pause, NULL);
	}
	return unused;
}

static unsigned long add(const char *key)
{
	int i;

	for (i = 0; i < KEYS - 1 && *counts[i].key && strcmp(counts[i].key, key); i++)
		;
	snprintf(counts[i].key, sizeof(counts[i].key), "%s", key);
	return ++counts[i].n;
}

/* False: it is to be closed. */
static bool answer(struct client *c, const char *line)
{
	char key[32], out[128];
	bool end = !strcmp(line, "end");
	int n;

	if (!end && sscanf(line, "add %31s", key) != 1)
		return false;
	n = snprintf(out, sizeof(out), "%s %lu\n", token, end ? 0 : add(key));
	if (send(c->fd, out, n, MSG_NOSIGNAL) != n)
		return false;
	if (end)
		exit(0);
	return true;
}

static bool hear(struct client *c)
{
	ssize_t n = recv(c->fd, c->text + c->len, sizeof(c->text) - 1 - c->len, 0);
	char *line = c->text, *feed;

	if (n <= 0)
		return false;
	c->len += n;
	c->text[c->len] = '\0';
	for (; (feed = strchr(line, '\n')); line = feed + 1) {
		*feed = '\0';
		if (!answer(c, line))
			return false;
	}
	c->len -= line - c->text;
	memmove(c->text, line, c->len + 1);
	return c->len < sizeof(c->text) - 1;
}

static void accept_one(struct client *clients, int listener)
{
	int fd = accept(listener, NULL, NULL), i;

	for (i = 0; i < CLIENTS && clients[i].fd >= 0; i++)
		;
	if (i == CLIENTS)
		close(fd);
	else
		clients[i] = (struct client){ .fd = fd };
}

int main(int argc, char **argv)
{
	static struct client clients[CLIENTS];
	struct sockaddr_in at = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, i;
	pthread_t worker;

	at.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (argc < 2 || bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 16))
		return 2;
	snprintf(token, sizeof(token), "%d.%ld", getpid(), (long)time(NULL));
	for (i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	if (pthread_create(&worker, NULL, work, NULL))
		return 2;
	for (;;) {
		struct pollfd polls[CLIENTS + 1];

		for (i = 0; i < CLIENTS; i++)
			polls[i] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
		polls[CLIENTS] = (struct pollfd){ listener, POLLIN, 0 };
		if (poll(polls, CLIENTS + 1, -1) < 0)
			continue;
		for (i = 0; i < CLIENTS; i++)
			if (clients[i].fd >= 0 && polls[i].revents && !hear(&clients[i])) {
				close(clients[i].fd);
				clients[i].fd = -1;
			}
		if (polls[CLIENTS].revents)
			accept_one(clients, listener);
	}
}
