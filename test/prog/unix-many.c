// SPDX-License-Identifier: Apache-2.0
/* Five hundred sockets in eight processes, each with something in it. */
#include "unix.h"

#define PROCESSES 8
#define PAIRS 31

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

int main(int argc, char **argv)
{
	int sv[PROCESSES][PAIRS][2], p, i;
	pid_t pid[PROCESSES];
	char text[32];

	prog_init(argc, argv);
	for (p = 0; p < PROCESSES; p++) {
		for (i = 0; i < PAIRS; i++) {
			CHECK(!socketpair(AF_UNIX, types[i % 3], 0, sv[p][i]));
			snprintf(text, sizeof(text), "to child %d, %d", p, i);
			u_send(sv[p][i][0], text);
		}
		pid[p] = prog_fork();
		if (pid[p]) {
			for (i = 0; i < PAIRS; i++)
				close(sv[p][i][1]);
			continue;
		}
		prog_wait();
		for (i = 0; i < PAIRS; i++) {
			snprintf(text, sizeof(text), "to child %d, %d", p, i);
			u_expect(sv[p][i][1], text);
			snprintf(text, sizeof(text), "from child %d, %d", p, i);
			u_send(sv[p][i][1], text);
		}
		_exit(0);
	}
	prog_ready();
	prog_wait();
	for (p = 0; p < PROCESSES; p++) {
		for (i = 0; i < PAIRS; i++) {
			snprintf(text, sizeof(text), "from child %d, %d", p, i);
			u_expect(sv[p][i][0], text);
		}
		prog_reap(pid[p]);
	}
	prog_pass();
}
