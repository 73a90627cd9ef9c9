/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters that answer one system call with an errno or the end of the process. */
#ifndef TEST_SECCOMP_H
#define TEST_SECCOMP_H

#include "prog.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define FILTER_FOR(nr, action)                                                                    \
	{                                                                                         \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),          \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 1, 0),                            \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),                              \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),            \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, action), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)                                      \
	}

static inline int seccomp_install(int nr, uint32_t action, int flags, bool by_prctl)
{
	struct sock_filter f[] = FILTER_FOR(nr, action);
	struct sock_fprog prog = { ARRAY_SIZE(f), f };

	if (by_prctl)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

#endif
