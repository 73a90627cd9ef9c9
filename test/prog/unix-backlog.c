// SPDX-License-Identifier: Apache-2.0
/* Connections that nobody has accepted yet: their order, their names, who made them. */
#include "unix.h"

/* The third client is another process. */
static void child(struct uname stream, struct uname seq)
{
	int c = u_connected(SOCK_STREAM, stream), d = u_connected(SOCK_SEQPACKET, seq);

	prog_mark("up");
	prog_wait();
	u_send(c, "2");
	u_send(d, "2");
	prog_mark("sent");
	u_expect(c, "ok");
	u_expect(d, "ok");
}

static void check(int type, int l, int *c, struct uname *names, pid_t other)
{
	struct sockaddr_un a;
	socklen_t len;
	char text[2] = "0";
	int i, s;

	CHECK_EQ(u_ready(l, POLLIN), POLLIN);
	/* A client may write before anyone accepts. */
	u_send(c[0], "0");
	u_send(c[1], "1");
	prog_await("sent");
	for (i = 0; i < 3; i++) {
		len = sizeof(a);
		s = accept(l, (struct sockaddr *)&a, &len);
		CHECK(s >= 0);
		u_check_name(&a, len, i == 1 ? &names[1] : NULL);
		text[0] = '0' + i;
		u_expect(s, text);
		u_send(s, "ok");
		u_check_peercred(s, i == 2 ? other : getpid());
		if (i == 2)
			continue;
		u_expect(c[i], "ok");
		u_check_peercred(c[i], getpid());
		CHECK_EQ(u_get(s, SO_TYPE), type);
	}
	CHECK_EQ(u_ready(l, POLLIN), 0);
}

int main(int argc, char **argv)
{
	struct uname names[2], seqs[2];
	int l, q, c[2], d[2], i;
	pid_t pid;

	prog_init(argc, argv);
	names[0] = u_file("l");
	names[1] = u_file("c");
	seqs[0] = u_abstract("l");
	seqs[1] = u_abstract("c");
	l = u_listener(SOCK_STREAM, names[0], 5);
	q = u_listener(SOCK_SEQPACKET, seqs[0], 5);
	for (i = 0; i < 2; i++) {
		c[i] = i == 1 ? u_bound(SOCK_STREAM, names[1]) : u_socket(SOCK_STREAM);
		d[i] = i == 1 ? u_bound(SOCK_SEQPACKET, seqs[1]) : u_socket(SOCK_SEQPACKET);
		CHECK(!u_connect(c[i], names[0]) && !u_connect(d[i], seqs[0]));
	}
	pid = prog_fork();
	if (!pid) {
		child(names[0], seqs[0]);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_wait();
	check(SOCK_STREAM, l, c, names, pid);
	check(SOCK_SEQPACKET, q, d, seqs, pid);
	prog_reap(pid);
	prog_pass();
}
