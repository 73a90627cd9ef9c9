// SPDX-License-Identifier: Apache-2.0
/*
 * For test/cli/tcp-outside.sh. In a job: serves echo to clients that are not of the job. With
 * "client PORT" as well: such a client, that checks each word; "pause" in the directory stops it
 * for a while, "stop" ends it.
 */
#include "inet.h"

static void lost(int fd, int error)
{
	char text[64];

	snprintf(text, sizeof(text), "%s\n", error ? strerrorname_np(error) : "EOF");
	prog_put("lost", text);
	close(fd);
}

static int serve(void)
{
	struct pollfd p[16] = { { .fd = inet_listen(INET4, 16), .events = POLLIN } };
	union inet_name n = inet_local(p[0].fd);
	int count = 1, i;
	char buf[4096];

	snprintf(buf, sizeof(buf), "%d\n", ntohs(n.v4.sin_port));
	prog_put("port", buf);
	prog_ready();
	while (!prog_done()) {
		CHECK(poll(p, count, 50) >= 0 || errno == EINTR);
		if (p[0].revents & POLLIN && count < 16)
			p[count++] = (struct pollfd){ accept(p[0].fd, NULL, NULL), POLLIN, 0 };
		for (i = 1; i < count; i++) {
			ssize_t got;

			if (!p[i].revents)
				continue;
			got = recv(p[i].fd, buf, sizeof(buf), 0);
			if (got > 0 && send(p[i].fd, buf, got, MSG_NOSIGNAL) == got)
				continue;
			lost(p[i].fd, got ? errno : 0);
			p[i--] = p[--count];
		}
	}
	prog_pass();
}

static int client(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = inet_own() };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct timeval patience = { 60, 0 };
	uint32_t i, back[64];

	if (connect(fd, (void *)&a, sizeof(a)))
		return 3;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (i = 0; !prog_has("stop"); i++) {
		uint32_t words[64] = { [0] = i, [63] = ~i };

		if (send(fd, words, sizeof(words), MSG_NOSIGNAL) != sizeof(words) ||
		    recv(fd, back, sizeof(back), MSG_WAITALL) != sizeof(back)) {
			printf("lost after %u: %s\n", i, strerror(errno));
			return 4;
		}
		if (memcmp(words, back, sizeof(words)))
			return 5;
		if (i == 10)
			prog_mark("talking");
		while (prog_has("pause") && !prog_has("stop")) {
			prog_mark("paused");
			prog_nap();
		}
	}
	return i > 10 ? 0 : 6;
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	return argc > 3 ? client(atoi(argv[3])) : serve();
}
