// SPDX-License-Identifier: Apache-2.0
/* A filter of eBPF, which nobody can read off a socket: refused, and it goes on filtering. */
#include "inet.h"

#include <linux/bpf.h>

int main(int argc, char **argv)
{
	struct bpf_insn all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 3 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.insns = (uintptr_t)all,
		.license = (uintptr_t)"GPL",
	};
	union inet_name n = inet_loopback(INET4);
	socklen_t len = sizeof(n);
	int fd, program;
	char buf[16];

	prog_init(argc, argv);
	program = syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (program < 0)
		prog_skip("eBPF is not for us here");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(!bind(fd, &n.any, inet_len(&n)) && !getsockname(fd, &n.any, &len));
	CHECK(!connect(fd, &n.any, len));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)));
	close(program);
	prog_ready();
	prog_wait();
	/* It lets three bytes through, behind the header. */
	CHECK_EQ(send(fd, "all of it", 9, 0), 9);
	CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) < 9);
	prog_pass();
}
