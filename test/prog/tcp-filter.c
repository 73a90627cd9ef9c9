// SPDX-License-Identifier: Apache-2.0
/* Filters on sockets: read back as they were set, and in force. */
#include "inet.h"

#include <linux/filter.h>

static bool attach(int fd, struct sock_filter *code, int n)
{
	struct sock_fprog p = { n, code };

	/* To a TCP socket not everybody may. */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)))
		CHECK_EQ(errno, EPERM);
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	/* Of a datagram: only those whose first byte, behind the header, is 'y'. */
	struct sock_filter pick[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	}, all[] = { BPF_STMT(BPF_RET | BPF_K, 65535) }, back[8];
	union inet_name n = inet_loopback(INET4);
	struct inet_pair p;
	socklen_t len = 8;
	char buf[8];
	int in, out;

	prog_init(argc, argv);
	in = socket(AF_INET, SOCK_DGRAM, 0);
	out = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(!bind(in, &n.any, inet_len(&n)));
	n = inet_local(in);
	CHECK(!connect(out, &n.any, inet_len(&n)));
	CHECK_EQ(send(out, "no, but before", 14, 0), 14);
	CHECK(attach(in, pick, 4));
	p = inet_pair(INET4);
	attach(p.server, all, 1);
	inet_set(p.server, SOL_SOCKET, SO_LOCK_FILTER, 1);
	prog_ready();
	prog_wait();
	CHECK(!getsockopt(in, SOL_SOCKET, SO_GET_FILTER, back, &len));
	CHECK_EQ(len, 4);
	CHECK(!memcmp(back, pick, sizeof(pick)));
	CHECK_EQ(recv(in, buf, 8, MSG_DONTWAIT | MSG_TRUNC), 14);
	CHECK_EQ(send(out, "no", 2, 0), 2);
	CHECK_EQ(send(out, "yes", 3, 0), 3);
	inet_await(in, POLLIN);
	CHECK_EQ(recv(in, buf, 8, MSG_DONTWAIT), 3);
	CHECK(recv(in, buf, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK_EQ(inet_get(p.server, SOL_SOCKET, SO_LOCK_FILTER), 1);
	CHECK(setsockopt(p.server, SOL_SOCKET, SO_DETACH_FILTER, &len, 4) == -1 && errno == EPERM);
	inet_talk(p.client, p.server);
	prog_pass();
}
