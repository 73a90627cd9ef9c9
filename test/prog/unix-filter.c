// SPDX-License-Identifier: Apache-2.0
/* A filter on a datagram socket still lets in only what it let in before. */
#include "unix.h"

#include <linux/filter.h>

int main(int argc, char **argv)
{
	/* Whole if the first byte is 'y', else nothing of it. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };
	int sv[2], off = 0;

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
	u_send(sv[0], "no filter yet");
	CHECK(!setsockopt(sv[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	u_send(sv[0], "yes");
	u_send(sv[0], "no");
	prog_ready();
	prog_wait();
	u_send(sv[0], "nor this");
	u_send(sv[0], "yes, this");
	u_expect(sv[1], "no filter yet");
	u_expect(sv[1], "yes");
	u_expect(sv[1], "yes, this");
	u_expect_nothing(sv[1]);
	CHECK(!setsockopt(sv[1], SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)));
	u_send(sv[0], "anything");
	u_expect(sv[1], "anything");
	prog_pass();
}
